/** What the rehearsal was refused: by the cluster (exit 10), or as invalid (23). */
import { Effect } from "effect";
import { isOfQuota } from "../../../domain/checks/admission-refusal.ts";
import type { PreflightProblem } from "../../../domain/checks/problem.ts";
import { deletionOf } from "../../../domain/checks/terminating.ts";
import { PreflightFailed, UpgradeNotStarted } from "../../../errors.ts";
import { warn } from "../../../services/report/Reporter.ts";
import { describeRefused } from "../../../words/checks/problems.ts";
import { unavailable } from "../../kube/unavailable.ts";
import {
  changingKinds,
  type ObjectChecksInput,
  type RehearsedObjects,
} from "./rehearse-objects.ts";
import type { RefusedObject } from "./rehearsed-objects.ts";

/** Their CRD goes, and takes them along: it is the CRD that is refused. */
const goingKinds = Effect.fnUntraced(function* ({ liveCrds }: ObjectChecksInput) {
  const live = yield* Effect.mapError(liveCrds, unavailable("read the CRDs"));
  return new Set(live.flatMap((crd) => (deletionOf(crd) === undefined ? [] : crd.metadata.name)));
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

const problemOf = ({ ref, ...refused }: RefusedObject): PreflightProblem =>
  "deletion" in refused
    ? { _tag: "ObjectGoing", ref, deletion: refused.deletion }
    : { _tag: "ObjectRefused", ref, detail: refused.detail };

/** What the cluster's rules and its state refuse, which another chart or other values need not get around. */
const clusterProblems = (
  refused: ReadonlyArray<RefusedObject>,
  { pods, shortfalls }: RehearsedObjects,
): ReadonlyArray<PreflightProblem> => {
  const isCounted = (one: RefusedObject) =>
    shortfalls.some(({ quota }) => "detail" in one && isOfQuota(one.detail, quota));
  return [
    ...shortfalls.map((shortfall) => ({ _tag: "QuotaTooSmall", shortfall }) as const),
    ...refused.filter((one) => one.isClusters && !isCounted(one)).map(problemOf),
    ...pods
      .filter(({ isFinal }) => isFinal)
      .map(({ pods: some, detail }) => ({ _tag: "PodsRefused", pods: some, detail }) as const),
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
    return yield* new UpgradeNotStarted({
      release,
      cause: refused.map(describeRefused).join("; "),
    });
  }
  yield* Effect.forEach(
    objects.pods.filter(({ isFinal }) => !isFinal),
    ({ pods, detail }) => warn({ code: "pods-may-be-refused", pods, detail }),
    { discard: true },
  );
});
