/** What a plan says of pods, of CRDs and of its own limits. */

import type { KeptBy } from "../../domain/crds/refusal.ts";
import type { Roll } from "../../domain/fields/object-change.ts";
import type { RollReason } from "../../domain/plan/roll-reason.ts";
import type { PlanLimit } from "../../domain/plan/upgrade-plan.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";

export const describeRolled = ({ workload }: Pick<Roll, "workload">): string =>
  `${workload.kind} ${workload.name}`;

export const describeRoll = (why: RollReason): string => {
  switch (why._tag) {
    case "Template":
      return `${why.field}${why.more === 0 ? "" : ` and ${why.more} more`}`;
    case "EnvoyProxy": {
      const again =
        why.changesSidecar === undefined
          ? ""
          : `; possibly twice: ${why.changesSidecar} changes their sidecar`;
      return `EnvoyProxy ${why.name} changes${again}`;
    }
    case "Controller":
      return `possibly: ${why.name} changes, and decides what runs in them`;
    case "ShortDrain":
      return `before Helm starts: they drain for ${formatGoDuration(why.drain)}, and ${formatGoDuration(why.asked)} is asked for`;
  }
};

/** Of a CRD that stays as it is. */
export const describeKept = (keptBy: KeptBy): string =>
  keptBy._tag === "Platform"
    ? `managed by ${keptBy.platform}`
    : `the cluster's ${keptBy.live} is newer than ${keptBy.ours}`;

export const describeLimit = (limit: PlanLimit): string => {
  switch (limit._tag) {
    case "WithoutServer":
      return `rendered without the cluster's answers (${limit.detail}): what the chart looks up, as certificates, may show as changing`;
    case "NamespaceAbsent":
      return `namespace ${limit.namespace} is not there yet: what policies, quotas and webhooks say to the objects and pods in it`;
    case "Object":
      return `${limit.object}: ${limit.detail}`;
  }
};
