/** What only the live cluster knows about an update: objects that would fail it, and who still uses what it withdraws. */
import { Effect } from "effect";
import { failingObjects, narrowedVersions, narrowingRefusal } from "../../domain/crds/narrowing.ts";
import type { CrdManifest } from "../../domain/crds/plan.ts";
import type { CrdRefusal, FailingObject } from "../../domain/crds/refusal.ts";
import { type CrdView, crdView, customType, servedVersions } from "../../domain/crds/view.ts";
import {
  manifestUsers,
  versionUsers,
  withdrawalRefusal,
  withdrawnVersions,
} from "../../domain/crds/withdrawal.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { CrdExpressions } from "../../services/crds/CrdExpressions.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { warn } from "../../services/report/Reporter.ts";
import { unavailableOrForbidden } from "./failures.ts";

const narrowing = Effect.fnUntraced(function* (live: CrdView, next: CrdView) {
  const kubectl = yield* Kubectl;
  const matches = yield* yield* CrdExpressions;
  const failing: Array<FailingObject> = [];
  for (const version of narrowedVersions(live, next, matches)) {
    const objects = yield* kubectl.list({ type: customType(live, version) });
    failing.push(...failingObjects(live, next, version, objects, matches));
  }
  return failing.length === 0 ? [] : [narrowingRefusal(live, failing)];
});

/** Of every release on the cluster; of ours alone where the others are none of our business. */
const storedManifests = Effect.fnUntraced(function* (release: ReleaseRef | undefined) {
  const records = yield* ReleaseRecords;
  return yield* records
    .storedManifests()
    .pipe(
      Effect.catch((error) =>
        error.reason !== "Forbidden" || release === undefined
          ? Effect.fail(error)
          : Effect.andThen(
              warn({ code: "crd-users-unknown", namespace: release.namespace }),
              records.storedManifests(release.namespace),
            ),
      ),
    );
});

const withdrawal = Effect.fnUntraced(function* (
  live: CrdView,
  next: CrdView,
  release: ReleaseRef | undefined,
) {
  const withdrawn = withdrawnVersions(live, next);
  const [readable] = servedVersions(live);
  if (withdrawn.length === 0 || readable === undefined) return [];
  const kubectl = yield* Kubectl;
  const objects = yield* kubectl.list({ type: customType(live, readable), metadataOnly: true });
  const users = versionUsers(live, withdrawn, objects);
  const manifests = manifestUsers(live, withdrawn, yield* storedManifests(release));
  return users.length + manifests.length === 0
    ? []
    : [withdrawalRefusal(live, next, users, manifests)];
});

export const inspect = Effect.fnUntraced(function* (
  manifest: CrdManifest,
  live: KubeObject,
  release: ReleaseRef | undefined,
) {
  const [before, after] = [crdView(live), crdView(manifest.object)];
  const found = yield* Effect.all([narrowing(before, after), withdrawal(before, after, release)], {
    concurrency: "unbounded",
  }).pipe(
    Effect.mapError(
      unavailableOrForbidden(`look at the ${before.kind} objects that an update would concern`),
    ),
  );
  return found.flat() as ReadonlyArray<CrdRefusal>;
});
