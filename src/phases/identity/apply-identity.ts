/** The identity of the data plane: the new one for the upgrade, the old one again when there was none after all. */
import { Cause, Effect, Redacted } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { identitySecret } from "../../domain/identity/identity-secret.ts";
import { fieldAt, type KubeObject, Secret } from "../../domain/kube/objects.ts";
import { UpgradeNotStarted } from "../../errors.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

const OURS = { fieldManager: "tare", force: true };

const dataOf = (secret: KubeObject): string => JSON.stringify(fieldAt(secret, "data"));

interface IdentityWrite {
  readonly identity: Identity;
  readonly installed: Pick<InstalledRelease, "release" | "identity">;
  readonly lock: HeldLock;
}

/** After these the release is what it was, and so should its identity be. */
const LEAVES_IT_AS_IT_WAS: ReadonlySet<string> = new Set([
  "UpgradeRolledBack",
  "UpgradeNotStarted",
  "OperationInProgress",
]);

const leftAsItWas = (cause: Cause.Cause<{ readonly _tag: string }>): boolean =>
  Cause.hasInterruptsOnly(cause) ||
  cause.reasons.some(
    (reason) => reason._tag === "Fail" && LEAVES_IT_AS_IT_WAS.has(reason.error._tag),
  );

const restore = Effect.fnUntraced(function* ({ installed, identity, lock }: IdentityWrite) {
  const { release } = installed;
  const before = installed.identity === undefined ? undefined : Redacted.value(installed.identity);
  const written = identitySecret(identity, release.namespace);
  if (before === undefined || dataOf(before) === dataOf(written)) return;
  const kubectl = yield* Kubectl;
  yield* lock.check.pipe(
    Effect.andThen(kubectl.apply(Secret, { ...written, data: fieldAt(before, "data") }, OURS)),
    Effect.catch((error) => warn({ code: "identity-not-restored", cause: error.message })),
  );
});

/** Runs `attempt` under the new identity. */
export const underIdentity =
  (write: IdentityWrite) =>
  <A, E extends { readonly _tag: string }, R>(attempt: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const { identity, installed } = write;
      const { release } = installed;
      const kubectl = yield* Kubectl;
      yield* Effect.mapError(
        kubectl.apply(Secret, identitySecret(identity, release.namespace), OURS),
        ({ message }) => new UpgradeNotStarted({ release, cause: message }),
      );
      return yield* Effect.onError(attempt, (cause) =>
        leftAsItWas(cause) ? restore(write) : Effect.void,
      );
    });
