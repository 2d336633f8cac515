import { Clock, Deferred, Effect, Exit, type Scope } from "effect";
import type { KubectlError } from "../Kubectl.ts";
import type { Credential, IssuedCredential, IssuingSource } from "./credential.ts";

const isSame = (one: Credential, other: Credential): boolean =>
  one.authorization === other.authorization && one.certificate?.cert === other.certificate?.cert;

/**
 * A credential that is asked for once, however many wait for it, and kept until it expires. The asking goes on when those
 * who wait give up: a login that was begun is not begun twice. It ends with the scope.
 */
export const sharedCredential = Effect.fnUntraced(function* (
  issue: Effect.Effect<IssuedCredential, KubectlError>,
): Effect.fn.Return<IssuingSource, never, Scope.Scope> {
  const scope = yield* Effect.scope;
  let held: IssuedCredential | undefined;
  let asking: Deferred.Deferred<IssuedCredential, KubectlError> | undefined;

  const ask = Effect.suspend(() => {
    if (asking !== undefined) return Deferred.await(asking);
    const answer = Deferred.makeUnsafe<IssuedCredential, KubectlError>();
    asking = answer;
    const work = Effect.onExit(issue, (exit) =>
      Effect.sync(() => {
        asking = undefined;
        if (Exit.isSuccess(exit)) held = exit.value;
        Deferred.doneUnsafe(answer, exit);
      }),
    );
    return Effect.andThen(Effect.forkIn(Effect.exit(work), scope), Deferred.await(answer));
  });

  const issued = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    held !== undefined && (held.expiresAt === undefined || now < held.expiresAt)
      ? Effect.succeed(held)
      : ask,
  );
  return {
    issued,
    current: Effect.map(issued, ({ credential }) => credential),
    renew: (refused) =>
      held !== undefined && held.credential !== refused
        ? Effect.succeed(true)
        : Effect.map(ask, ({ credential }) => !isSame(credential, refused)),
  };
});
