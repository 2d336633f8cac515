/** What is known to go wrong in certain versions of Helm, and for which upgrades it matters. */

import type { HelmVersion } from "../helm/version.ts";
import type { KubeObject } from "../kube/objects.ts";
import type { Warning } from "../report/warning.ts";

/** What this upgrade would ask of Helm. */
interface HelmTask {
  readonly dropped: ReadonlyArray<KubeObject>;
  readonly atomic: boolean;
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

/** It stumbles over what the failed upgrade was about to delete: helm/helm#13437, #32244. */
const cannotRollBack = ({ major, minor, patch }: HelmVersion): boolean =>
  (major === 3 && minor < 22) || (major === 4 && (minor === 1 || (minor === 0 && patch < 5)));

/** One for each defect that this upgrade could meet. */
export const helmDefects = (
  version: HelmVersion,
  { dropped, atomic }: HelmTask,
): ReadonlyArray<Warning> =>
  cannotRollBack(version) && atomic && dropped.length > 0
    ? [{ code: "helm-cannot-roll-back", version: version.text, dropped: dropped.map(nameOf) }]
    : [];
