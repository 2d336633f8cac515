import { Effect } from "effect";
import {
  type CrdCounts,
  type CrdManifest,
  countCrds,
  type LiveCrd,
  type PlannedCrd,
  planCrd,
} from "../../domain/crds/plan.ts";
import { CustomResourceDefinition } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import type { Warning } from "../../domain/report/warning.ts";
import type {
  ClusterUnavailable,
  CrdBackupFailed,
  CrdRightsMissing,
  CrdsIncomplete,
  CrdsLocked,
  CrdsRefused,
  RunSuperseded,
} from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import type { CrdBackups } from "../../services/crds/CrdBackups.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import type { HeldLock, ReleaseLock } from "../../services/lock/ReleaseLock.ts";
import type { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { type Reporter, report, warn } from "../../services/report/Reporter.ts";
import { backUp } from "./back-up.ts";
import { unavailableOrForbidden } from "./failures.ts";
import { lockCrds } from "./lock.ts";
import { rehearse } from "./rehearse.ts";
import { write } from "./write.ts";

/** Metadata of every CRD on the cluster: what decides, without the megabytes of schemas. */
export const readCrds = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  return yield* kubectl.list({ type: CustomResourceDefinition, metadataOnly: true });
}).pipe(Effect.withSpan("tare.read.crds"));

export interface CrdsInput {
  readonly manifests: ReadonlyArray<CrdManifest>;
  readonly live: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
  /** The release these CRDs are for, when there is one. */
  readonly release?: ReleaseRef;
  /** The lock of the run; that on the CRDs themselves is taken here. */
  readonly lock?: HeldLock;
}

const isIdentical = ({ verdict }: PlannedCrd): boolean =>
  verdict._tag === "Skip" && verdict.reason === "identical";

const planAll = (manifests: ReadonlyArray<CrdManifest>, live: ReadonlyArray<LiveCrd>) => {
  const byName = new Map(live.map((crd) => [crd.metadata.name, crd]));
  return manifests.map((manifest) => planCrd(manifest, byName.get(manifest.name)));
};

const skippedBecause = ({
  manifest: { name: crd },
  verdict,
}: PlannedCrd): ReadonlyArray<Warning> => {
  if (verdict._tag !== "Skip" || verdict.reason === "identical") return [];
  return verdict.reason === "newer"
    ? [{ code: "crd-newer", crd, live: verdict.live, ours: verdict.ours }]
    : [{ code: "crd-managed-by-platform", crd, platform: verdict.platform }];
};

/** Another run may have had the lock before: what was read without it does not count any more. */
const applyLocked = Effect.fnUntraced(function* ({ manifests, release, lock }: CrdsInput) {
  const crdsLock = yield* lockCrds;
  const live = yield* Effect.mapError(readCrds, unavailableOrForbidden("read the CRDs"));
  const rehearsed = yield* rehearse(manifests, live, release);
  const plan = rehearsed.map(({ planned }) => planned);
  yield* Effect.forEach(plan.flatMap(skippedBecause), warn, { discard: true });
  const backup = yield* backUp(
    rehearsed.filter(({ planned }) => planned.verdict._tag === "Update"),
  );
  const writes = rehearsed.filter(({ planned }) => planned.verdict._tag !== "Skip");
  const checks = lock === undefined ? crdsLock.check : Effect.andThen(lock.check, crdsLock.check);
  if (writes.length > 0) yield* write(writes, checks, backup);
  return countCrds(plan);
}, Effect.scoped);

type CrdsError =
  | ClusterUnavailable
  | CrdRightsMissing
  | CrdsLocked
  | CrdsRefused
  | CrdBackupFailed
  | CrdsIncomplete
  | RunSuperseded;

type CrdsNeeds = CrdBackups | Kubectl | ReleaseLock | ReleaseRecords | Reporter;

export const applyCrds: Phase<CrdsInput, CrdCounts, CrdsError, CrdsNeeds> = {
  id: "apply-crds",
  title: "Apply / update CRDs",
  run: Effect.fnUntraced(function* (input) {
    const live = yield* Effect.mapError(input.live, unavailableOrForbidden("read the CRDs"));
    const plan = planAll(input.manifests, live);
    const counts = plan.every(isIdentical) ? countCrds(plan) : yield* applyLocked(input);
    yield* report({ _tag: "CrdsApplied", counts });
    return counts;
  }),
};
