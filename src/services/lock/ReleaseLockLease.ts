import { Clock, Duration, Effect, Layer, Option, Ref, Schedule } from "effect";
import { type KubeObject, Lease } from "../../domain/kube/objects.ts";
import {
  HEARTBEAT_EVERY,
  heldLease,
  leaseState,
  microTime,
  releasedLease,
  SILENCE_ALLOWED,
} from "../../domain/lock/lease.ts";
import { showProcess } from "../../domain/processes/process-identity.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { ProcessTable } from "../processes/ProcessTable.ts";
import { leaseRef, takeLease } from "./lease-taking.ts";
import { LockLost, ReleaseLock } from "./ReleaseLock.ts";

/** Well within a lease, so that one slow call does not let it run out. */
const BEAT_TIMEOUT = "5 seconds";

/** A Lease in the subject's namespace, kept alive by a heartbeat. */
export const layerReleaseLockLease: Layer.Layer<ReleaseLock, never, Kubectl | ProcessTable> =
  Layer.effect(
    ReleaseLock,
    Effect.gen(function* () {
      const [kubectl, processes] = yield* Effect.all([Kubectl, ProcessTable]);
      const { self } = processes;

      return ReleaseLock.of({
        acquire: Effect.fn("ReleaseLock.acquire")(function* (subject, options) {
          const acquiredAt = yield* Clock.currentTimeMillis;
          const lost = yield* Ref.make(Option.none<LockLost>());
          const lose = (detail: string) =>
            Ref.set(lost, Option.some(new LockLost({ detail, reason: "Taken" })));
          const current = yield* Ref.make<KubeObject | undefined>(undefined);
          yield* Effect.acquireRelease(
            Effect.tap(takeLease({ kubectl, processes }, subject, acquiredAt, options), (lease) =>
              Ref.set(current, lease),
            ),
            () =>
              Effect.gen(function* () {
                const lease = yield* Ref.get(current);
                const ours = Option.isNone(yield* Ref.get(lost));
                if (lease !== undefined && ours) {
                  yield* kubectl.replace(Lease, releasedLease(lease));
                }
              }).pipe(Effect.timeoutOption("5 seconds"), Effect.ignore),
          );
          const renewedAt = yield* Ref.make(yield* Clock.currentTimeMillis);
          /** A renewal whose answer was lost conflicts with the next one, though the lease is still ours. */
          const adoptOrLose = Effect.gen(function* () {
            const found = yield* Effect.option(kubectl.get(leaseRef(subject)));
            // The server cannot be asked: the next beat tries again, and the lease runs out if none gets through.
            if (Option.isNone(found)) return;
            const lease = Option.getOrUndefined(found.value);
            const held = lease === undefined ? undefined : leaseState(lease);
            if (held?.holder === showProcess(self) && held.acquiredAt === microTime(acquiredAt)) {
              return yield* Ref.set(current, lease);
            }
            yield* lose(`the lock is held by ${held?.holder ?? "no run"} now`);
          });
          const beat = Effect.gen(function* () {
            const now = yield* Clock.currentTimeMillis;
            const version = (yield* Ref.get(current))?.metadata.resourceVersion;
            const renewed = yield* kubectl.replace(
              Lease,
              heldLease(subject, self, acquiredAt, now, version),
            );
            yield* Ref.set(current, renewed);
            yield* Ref.set(renewedAt, now);
          }).pipe(
            // A conflict or a missing lease proves that it is no longer ours; anything else may pass until it expires.
            Effect.timeout(BEAT_TIMEOUT),
            Effect.catch((error) =>
              error._tag === "KubectlError" && error.reason === "Conflict"
                ? adoptOrLose
                : error._tag === "KubectlError" && error.reason === "NotServed"
                  ? lose(error.message)
                  : Effect.void,
            ),
          );
          yield* Effect.forkScoped(
            Effect.delay(Effect.repeat(beat, Schedule.spaced(HEARTBEAT_EVERY)), HEARTBEAT_EVERY),
          );
          const silence = Effect.map(
            Effect.all([Clock.currentTimeMillis, Ref.get(renewedAt)]),
            ([now, renewed]) => now - renewed,
          );
          const isSilent = Effect.map(
            silence,
            (millis) => millis >= Duration.toMillis(SILENCE_ALLOWED),
          );
          const check = Effect.gen(function* () {
            // Silence proves nothing: a Lease that can be renewed still was taken by nobody. After a lost answer it takes three beats.
            for (let left = 3; left > 0 && (yield* isSilent); left--) yield* beat;
            const known = yield* Ref.get(lost);
            if (Option.isSome(known)) return yield* known.value;
            if (!(yield* isSilent)) return;
            const seconds = Math.round((yield* silence) / 1_000);
            return yield* new LockLost({
              reason: "Unrenewed",
              detail: `the lock could not be renewed for ${seconds} s and may belong to another process by now`,
            });
          });
          return { check };
        }),
      });
    }),
  );
