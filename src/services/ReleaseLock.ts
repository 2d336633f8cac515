import {
  Clock,
  Context,
  Data,
  Duration,
  Effect,
  Layer,
  Option,
  Ref,
  Schedule,
  type Scope,
} from "effect";
import { type KubeObject, Lease } from "../domain/kube.ts";
import {
  HEARTBEAT_EVERY,
  heldLease,
  LEASE_DURATION,
  type LockSubject,
  leaseName,
  leaseState,
  microTime,
  releasedLease,
} from "../domain/lease.ts";
import { Kubectl, type KubectlError } from "./Kubectl.ts";

/** Another run works on the same. */
export class LockHeld extends Data.TaggedError("LockHeld")<{
  /** Who and where, for people. */
  readonly holder: string;
  readonly since: string;
}> {}

/** The lock was ours and is no longer: nothing more may be written. */
export class LockLost extends Data.TaggedError("LockLost")<{ readonly detail: string }> {}

export interface HeldLock {
  /** To be asked before every write. */
  readonly check: Effect.Effect<void, LockLost>;
}

/**
 * One upgrade at a time per release, one change of the CRDs at a time per cluster. The lock is released with the scope.
 */
/** Well within a lease, so that one slow call does not let it run out. */
const BEAT_TIMEOUT = "5 seconds";

export class ReleaseLock extends Context.Service<
  ReleaseLock,
  {
    readonly acquire: (
      subject: LockSubject,
    ) => Effect.Effect<HeldLock, LockHeld | KubectlError, Scope.Scope>;
  }
>()("tare/services/ReleaseLock") {
  /**
   * A Lease in the subject's namespace, kept alive by a heartbeat; one whose heartbeat stopped for the lease's duration is free
   * to take. `holder` should tell people who, where and which process.
   */
  static readonly layerLease = (holder: string): Layer.Layer<ReleaseLock, never, Kubectl> =>
    Layer.effect(
      ReleaseLock,
      Effect.gen(function* () {
        const kubectl = yield* Kubectl;

        const take = Effect.fnUntraced(function* (subject: LockSubject) {
          const now = yield* Clock.currentTimeMillis;
          const found = yield* kubectl.get({
            type: Lease,
            name: leaseName(subject),
            namespace: subject.namespace,
          });
          if (Option.isNone(found)) {
            return yield* kubectl.create(Lease, heldLease(subject, holder, now, now));
          }
          const held = leaseState(found.value);
          if (held !== undefined && held.expiresAtMillis > now) {
            return yield* new LockHeld({ holder: held.holder, since: held.acquiredAt });
          }
          const version = found.value.metadata.resourceVersion;
          return yield* kubectl.replace(Lease, heldLease(subject, holder, now, now, version));
        });

        /** Losing the race for the write means that somebody else holds the lease now: look who. */
        const takeOrTellWho = (subject: LockSubject) =>
          take(subject).pipe(
            Effect.retry({
              while: (error) => error._tag === "KubectlError" && error.reason === "Conflict",
              times: 3,
            }),
          );

        return ReleaseLock.of({
          acquire: Effect.fn("ReleaseLock.acquire")(function* (subject) {
            const acquiredAt = yield* Clock.currentTimeMillis;
            const lost = yield* Ref.make(Option.none<LockLost>());
            const current = yield* Ref.make<KubeObject | undefined>(undefined);
            const renewedAt = yield* Ref.make(acquiredAt);
            yield* Effect.acquireRelease(
              Effect.tap(takeOrTellWho(subject), (lease) => Ref.set(current, lease)),
              () =>
                Effect.gen(function* () {
                  const lease = yield* Ref.get(current);
                  const ours = Option.isNone(yield* Ref.get(lost));
                  if (lease !== undefined && ours) {
                    yield* kubectl.replace(Lease, releasedLease(lease));
                  }
                }).pipe(Effect.timeoutOption("5 seconds"), Effect.ignore),
            );
            /** A renewal whose answer was lost conflicts with the next one, though the lease is still ours. */
            const adoptOrLose = Effect.gen(function* () {
              const found = yield* Effect.option(
                kubectl.get({
                  type: Lease,
                  name: leaseName(subject),
                  namespace: subject.namespace,
                }),
              );
              // Nobody can be asked: the next beat tries again, and the lease runs out if none gets through.
              if (Option.isNone(found)) return;
              const lease = Option.getOrUndefined(found.value);
              const held = lease === undefined ? undefined : leaseState(lease);
              if (held?.holder === holder && held.acquiredAt === microTime(acquiredAt)) {
                return yield* Ref.set(current, lease);
              }
              const detail = `the lock is held by ${held?.holder ?? "nobody"} now`;
              yield* Ref.set(lost, Option.some(new LockLost({ detail })));
            });
            const beat = Effect.gen(function* () {
              const now = yield* Clock.currentTimeMillis;
              const version = (yield* Ref.get(current))?.metadata.resourceVersion;
              const renewed = yield* kubectl.replace(
                Lease,
                heldLease(subject, holder, acquiredAt, now, version),
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
                    ? Ref.set(lost, Option.some(new LockLost({ detail: error.message })))
                    : Effect.void,
              ),
            );
            yield* Effect.forkScoped(
              Effect.delay(Effect.repeat(beat, Schedule.spaced(HEARTBEAT_EVERY)), HEARTBEAT_EVERY),
            );
            const check = Effect.gen(function* () {
              const known = yield* Ref.get(lost);
              if (Option.isSome(known)) return yield* known.value;
              const silence = (yield* Clock.currentTimeMillis) - (yield* Ref.get(renewedAt));
              if (silence < Duration.toMillis(LEASE_DURATION)) return;
              const seconds = Math.round(silence / 1_000);
              return yield* new LockLost({
                detail: `the lock could not be renewed for ${seconds} s and may be somebody else's by now`,
              });
            });
            return { check };
          }),
        });
      }),
    );
}
