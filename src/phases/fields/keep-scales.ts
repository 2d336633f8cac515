/**
 * A rollback sets the replicas of the old manifest, whatever runs: what `kubectl scale` or an autoscaler had raised comes back while
 * Helm is still at work, since taking capacity away under load is worse than what the rollback repairs.
 */
import { Effect, Option, Schedule } from "effect";
import { isLowered, type ScaleFloor, scaleFloors } from "../../domain/fields/kept-scale.ts";
import { setPath } from "../../domain/kube/json.ts";
import { type KubeObject, showRef } from "../../domain/kube/objects.ts";
import { lastRevision, type ReleaseRef, rollbackTarget } from "../../domain/release/release.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";
import { readHistory } from "../helm/attempt.ts";

const LOOK_EVERY = "2 seconds";

/** An upgrade that succeeds may lower them, where it was asked to. */
const isGoingBack = Effect.fnUntraced(function* (release: ReleaseRef, revision: number) {
  const last = lastRevision(yield* readHistory(release));
  return (
    last !== undefined && (last.status === "pending-rollback" || rollbackTarget(last) === revision)
  );
});

interface Target {
  readonly release: ReleaseRef;
  readonly revision: number;
}

const raise = Effect.fnUntraced(function* ({ release, revision }: Target, floor: ScaleFloor) {
  const kubectl = yield* Kubectl;
  const { ref, field, live, manifest } = floor;
  const found = yield* kubectl.get(ref);
  if (!isLowered(floor, Option.getOrUndefined(found))) return;
  if (!(yield* isGoingBack(release, revision))) return;
  yield* kubectl.patch(ref, setPath({}, field, live), { fieldManager: "tare" });
  yield* warn({
    code: "scale-restored",
    object: showRef(ref),
    field: field.join("."),
    live,
    manifest,
  });
});

/** Around everything that can go back to `revision`, Helm's own rollback included. */
export const keepingScales =
  (release: ReleaseRef, revision: number | undefined, live: ReadonlyArray<KubeObject>) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      if (revision === undefined) return yield* work;
      const helm = yield* Helm;
      const floors = yield* Effect.cached(
        Effect.match(helm.manifest(release, revision), {
          onFailure: () => [],
          onSuccess: (manifest) => scaleFloors(live, manifest),
        }),
      );
      const look = Effect.flatMap(floors, (all) =>
        Effect.forEach(all, (floor) => Effect.ignore(raise({ release, revision }, floor)), {
          concurrency: "unbounded",
          discard: true,
        }),
      );
      yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(LOOK_EVERY)));
      return yield* Effect.ensuring(work, look);
    }).pipe(Effect.scoped);
