/** Deleting what is the release's: never without the lock, and never what has been asked to go already. */
import { Clock, Duration, Effect, Option, Schedule } from "effect";
import type { ObjectRef } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { type Found, isGoing } from "../../domain/uninstall/found.ts";
import type { Held, UninstallTrouble } from "../../domain/uninstall/outcome.ts";
import { UninstallFailed } from "../../errors.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { mayWrite } from "../helm/require-unchanged.ts";

const LOOK_EVERY = Duration.seconds(2);

const LATER: ReadonlySet<KubectlError["reason"]> = new Set([
  "Unreachable",
  "TimedOut",
  "ServerError",
]);

/** An API server that is away for a moment is waited for; an answer is an answer. */
export const patiently = <A, R>(
  call: Effect.Effect<A, KubectlError, R>,
): Effect.Effect<A, KubectlError, R> =>
  Effect.retry(call, {
    schedule: Schedule.spaced("3 seconds"),
    times: 20,
    while: ({ reason }) => LATER.has(reason),
  });

export const failed = (release: ReleaseRef, trouble: UninstallTrouble) =>
  new UninstallFailed({ release, trouble });

export const orFailed =
  (release: ReleaseRef) =>
  ({ message }: { readonly message: string }): UninstallFailed =>
    failed(release, { _tag: "Said", text: message });

/** A kind that is not served any more has no objects. */
const ifServed = <A, B, R>(call: Effect.Effect<A, KubectlError, R>, absent: B) =>
  Effect.catchIf(
    call,
    ({ reason }) => reason === "NotServed",
    () => Effect.succeed(absent),
  );

export const deleteObject = Effect.fnUntraced(function* (ref: ObjectRef, lock: HeldLock) {
  yield* mayWrite(lock);
  const kubectl = yield* Kubectl;
  yield* ifServed(patiently(kubectl.delete(ref)), undefined);
});

/** @returns those that this run has asked to go */
export const deleteAll = Effect.fnUntraced(function* (found: ReadonlyArray<Found>, lock: HeldLock) {
  const standing = found.filter((one) => !isGoing(one)).map(({ ref }) => ref);
  yield* Effect.forEach(standing, (ref) => deleteObject(ref, lock), { discard: true });
  return standing;
});

/** Those that are there, with what holds them. */
export const present = Effect.fnUntraced(function* (refs: ReadonlyArray<ObjectRef>) {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.forEach(
    refs,
    (object) =>
      Effect.map(ifServed(patiently(kubectl.get(object)), Option.none()), (live) =>
        Option.isNone(live)
          ? []
          : [{ object, finalizers: live.value.metadata.finalizers ?? [] } satisfies Held],
      ),
    { concurrency: 8 },
  );
  return found.flat();
});

/** @returns what is still there after `patience`; it is looked at once in any case */
export const awaitGone = Effect.fnUntraced(function* <E, R>(
  look: Effect.Effect<ReadonlyArray<Held>, E, R>,
  patience: Duration.Duration,
) {
  const startedAt = yield* Clock.currentTimeMillis;
  while (true) {
    const left = yield* look;
    const waited = (yield* Clock.currentTimeMillis) - startedAt;
    if (left.length === 0 || waited >= Duration.toMillis(patience)) return left;
    yield* waitFor("removal-look", LOOK_EVERY);
  }
});
