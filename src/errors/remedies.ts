/** Remedies for problems that are reported together. */

import type { QuotaShortfall } from "../domain/checks/object-room.ts";
import type { Hint } from "../domain/hints/hint.ts";
import { kubectlCommand, type OperatorEnvironment } from "../domain/hints/operator-commands.ts";
import { hint } from "./operator-error.ts";

/** Raises a quota by what is missing. */
export const quotaRemedy =
  ({ quota, namespace, resource, used, needed }: QuotaShortfall) =>
  (env: OperatorEnvironment): Hint => {
    const patch = JSON.stringify({ spec: { hard: { [resource]: String(used + needed) } } });
    return hint(
      "Make room in the namespace, or in the quota:",
      kubectlCommand(
        env,
        ...["patch", "resourcequota", quota, "-n", namespace],
        ...["--type=merge", "-p", patch],
      ),
    );
  };

export const deletionRemedy =
  (kind: string, name: string, namespace: string | undefined) =>
  (env: OperatorEnvironment): Hint =>
    hint(
      "See what holds it, and wait for its end:",
      kubectlCommand(
        env,
        ...["get", kind, name, ...(namespace === undefined ? [] : ["-n", namespace])],
        ...["-o", "yaml"],
      ),
    );
