/** A release that runs is changed only in ways that its streams survive. */
import { Effect } from "effect";
import type { ObjectChange } from "../../domain/fields/object-change.ts";
import { EnvoyProxy } from "../../domain/kube/objects.ts";
import { dataPlaneRolls } from "../../domain/plan/data-plane-roll.ts";
import { SingleReplica } from "../../errors.ts";
import { haVerdictOf } from "../checks/ha-preflight.ts";
import type { ObjectChecksInput, RehearsedObjects } from "../checks/rehearsal/rehearse-objects.ts";

/** How many proxies there are, and how many may be away: the pods that run stay as they are. */
const OF_SCALE = /^spec\.provider\.kubernetes\.(?:envoyHpa|envoyPDB)\b/;

const isOfScale = ({ kind, action, fields }: ObjectChange): boolean =>
  kind === EnvoyProxy.kind &&
  action === "change" &&
  fields.every(({ path }) => OF_SCALE.test(path));

/** One proxy that is replaced takes its streams along; one that stays as it is keeps them. */
export const requireStreamsKept = Effect.fnUntraced(function* (
  { ha, installed, options }: ObjectChecksInput,
  { changes }: Pick<RehearsedObjects, "changes">,
) {
  if (installed.deployed === undefined || options.allowDowntime) return;
  const others = changes.filter((change) => !isOfScale(change));
  if (dataPlaneRolls(others, ha.deployments).length === 0) return;
  const verdict = haVerdictOf(ha);
  if (verdict._tag === "SingleReplica") return yield* new SingleReplica(verdict);
});
