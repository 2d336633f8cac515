/** Remedies for problems that are reported together. */

import type { QuotaShortfall } from "../domain/checks/object-room.ts";
import { type Hint, hint, kubectl } from "../domain/hints/hint.ts";

/** Raises a quota by what is missing. */
export const quotaRemedy = ({ quota, namespace, resource, used, needed }: QuotaShortfall): Hint => {
  const patch = JSON.stringify({ spec: { hard: { [resource]: String(used + needed) } } });
  return hint(
    "Make room in the namespace, or in the quota:",
    kubectl("patch", "resourcequota", quota, "-n", namespace, "--type=merge", "-p", patch),
  );
};

export const deletionRemedy = (kind: string, name: string, namespace: string | undefined): Hint => {
  const where = namespace === undefined ? [] : ["-n", namespace];
  return hint(
    "See what holds it, and wait for its end:",
    kubectl("get", kind, name, ...where, "-o", "yaml"),
  );
};
