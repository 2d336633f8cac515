/** What of all that is waited for an upgrade answers for, given how everything was before it. */
import type { KubeObject } from "../../kube/objects.ts";
import { type GroupedEntry, missingKey, type PodInTrouble } from "../progress.ts";
import { keyOfObject, type RolloutView } from "../view.ts";
import { imagesOf } from "./asked-template.ts";
import { mustBeUp } from "./gateways.ts";
import { type PriorWorkload, placeOf } from "./prior-state.ts";

interface Answering {
  /** Going back: what was not well before need not be well again, only no worse. */
  readonly asBefore: boolean;
}

const before = ({ prior }: RolloutView, entry: GroupedEntry): PriorWorkload | undefined => {
  const missing = prior?.workloads.get(missingKey(entry));
  return entry.object === undefined
    ? missing
    : (prior?.workloads.get(keyOfObject(entry.object)) ?? missing);
};

/** A broken attempt that was found is no excuse for what it was to be replaced by. */
const runsTheSame = (was: PriorWorkload, object: KubeObject | undefined): boolean =>
  object === undefined ||
  [...imagesOf(object)].every(([container, image]) => was.images.get(container) === image);

/** Whether this is not as it should be, and the upgrade's to answer for. */
export const isUnmet = (
  view: RolloutView,
  entry: GroupedEntry,
  { asBefore }: Answering,
): boolean => {
  const { group, object, gateway, progress, stale } = entry;
  if (progress.waitingFor === undefined) return false;
  const was = before(view, entry);
  const isWorse = was === undefined || progress.ready < was.ready;
  if (group === "data-plane" && object !== undefined && !mustBeUp(view, object)) {
    return was !== undefined && isWorse;
  }
  if (gateway !== undefined && asBefore) {
    return view.prior?.gateways.get(placeOf(gateway.metadata))?.well !== false;
  }
  return !(
    asBefore &&
    was?.ailment !== undefined &&
    !stale &&
    !isWorse &&
    runsTheSame(was, object)
  );
};

/** Pods of proxies that are not this upgrade's business do not end it. */
export const answeredFor = (
  view: RolloutView,
  troubles: ReadonlyArray<PodInTrouble>,
): ReadonlyArray<PodInTrouble> =>
  troubles.filter(
    ({ workload: { group, object } }) => group !== "data-plane" || mustBeUp(view, object),
  );
