/** What is known to go wrong in certain versions of Helm, and for which upgrades it matters. */

import type { KubeObject } from "../kube.ts";
import type { HelmVersion } from "./version.ts";

/** What this upgrade would ask of Helm. */
export interface HelmTask {
  readonly dropped: ReadonlyArray<KubeObject>;
  readonly atomic: boolean;
}

interface HelmDefect {
  readonly reference: string;
  readonly affects: (version: HelmVersion) => boolean;
  /** What it would do to this upgrade; nothing when it does not matter here. */
  readonly effect: (task: HelmTask) => string | undefined;
  readonly remedy: string;
}

const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

const HELM_DEFECTS: ReadonlyArray<HelmDefect> = [
  {
    reference: "helm/helm#13437, #32244",
    affects: ({ major, minor, patch }) =>
      major === 3 || (major === 4 && (minor === 1 || (minor === 0 && patch < 5))),
    effect: ({ dropped, atomic }) =>
      atomic && dropped.length > 0
        ? `cannot roll back on its own when an upgrade fails before it has deleted what the new chart drops (${dropped.map(nameOf).join(", ")})`
        : undefined,
    remedy: "Helm 4.2 and later can",
  },
];

/** One sentence for each defect that this upgrade could meet. */
export const helmDefects = (version: HelmVersion, task: HelmTask): ReadonlyArray<string> =>
  HELM_DEFECTS.filter(({ affects }) => affects(version)).flatMap(
    ({ effect, remedy, reference }) => {
      const consequence = effect(task);
      return consequence === undefined
        ? []
        : [`Helm ${version.text} ${consequence}; ${remedy} (${reference})`];
    },
  );
