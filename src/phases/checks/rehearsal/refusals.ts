/** What the rehearsal was refused: by the cluster (exit 10), or as invalid (23). */
import { Effect } from "effect";
import { describeShortfall } from "../../../domain/checks/object-room.ts";
import { describeDeletion } from "../../../domain/checks/terminating.ts";
import { showRef } from "../../../domain/kube/objects.ts";
import type { PreflightProblem } from "../../../errors/preflight.ts";
import { deletionRemedy, quotaRemedy } from "../../../errors/remedies.ts";
import { PreflightFailed, UpgradeNotStarted } from "../../../errors.ts";
import { warn } from "../../../services/report/Reporter.ts";
import { unavailable } from "../../kube/unavailable.ts";
import { describePods } from "./pods-to-come.ts";
import {
  changingKinds,
  type ObjectChecksInput,
  type RehearsedObjects,
} from "./rehearse-objects.ts";
import type { RefusedObject } from "./rehearsed-objects.ts";

/** Their CRD goes, and takes them along: it is the CRD that is refused. */
const goingKinds = Effect.fnUntraced(function* ({ liveCrds }: ObjectChecksInput) {
  const live = yield* Effect.mapError(liveCrds, unavailable("read the CRDs"));
  return new Set(
    live.flatMap((crd) => (describeDeletion(crd) === undefined ? [] : crd.metadata.name)),
  );
});

/** Without what the CRDs of this run, or their end, will change. */
const refusedForGood = Effect.fnUntraced(function* (
  input: ObjectChecksInput,
  { refused }: RehearsedObjects,
) {
  const [changing, going] = [yield* changingKinds(input), yield* goingKinds(input)];
  const crdOf = ({ ref: { type } }: RefusedObject) => `${type.plural}.${type.group}`;
  return refused.filter(
    (one) => !going.has(crdOf(one)) && (one.isClusters || !changing.has(crdOf(one))),
  );
});

const sayRefused = ({ ref, detail }: RefusedObject): string => `${showRef(ref)}: ${detail}`;

const deletionOf = (one: RefusedObject): PreflightProblem => {
  const { type, name, namespace } = one.ref;
  return { problem: sayRefused(one), remedy: deletionRemedy(type.plural, name, namespace) };
};

/** What the cluster's rules and its state refuse, which another chart or other values need not get around. */
const clusterProblems = (
  refused: ReadonlyArray<RefusedObject>,
  { pods, shortfalls }: RehearsedObjects,
): ReadonlyArray<PreflightProblem> => {
  const isCounted = ({ detail }: RefusedObject) =>
    shortfalls.some(({ quota }) => detail.includes(`exceeded quota: ${quota},`));
  return [
    ...shortfalls.map((shortfall) => ({
      problem: describeShortfall(shortfall),
      remedy: quotaRemedy(shortfall),
    })),
    ...refused
      .filter((one) => one.isClusters && !isCounted(one))
      .map((one) =>
        one.isGoing === true
          ? deletionOf(one)
          : { problem: `refused by the cluster: ${sayRefused(one)}` },
      ),
    ...pods
      .filter(({ isFinal }) => isFinal)
      .map((one) => ({ problem: `refused by the cluster: ${describePods(one)}` })),
  ];
};

export const checkRefusals = Effect.fnUntraced(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  const refused = objects.refused.length === 0 ? [] : yield* refusedForGood(input, objects);
  const problems = clusterProblems(refused, objects);
  if (problems.length > 0) return yield* new PreflightFailed({ problems });
  if (refused.length > 0) {
    const { release } = input.installed;
    return yield* new UpgradeNotStarted({ release, cause: refused.map(sayRefused).join("; ") });
  }
  yield* Effect.forEach(
    objects.pods.filter(({ isFinal }) => !isFinal),
    ({ pods, namespace, detail }) => warn({ code: "pods-may-be-refused", pods, namespace, detail }),
    { discard: true },
  );
});
