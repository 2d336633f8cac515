import { randomUUID } from "node:crypto";
import { Clock, Data, Effect, Redacted, Ref } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { algorithmOf, kindOf, privateKeyOf } from "../../domain/identity/signing-key.ts";
import { describeKey } from "../../words/identity/keys.ts";

const LIFETIME_SECONDS = 300;
/** A token in use is replaced well before the other side, whose clock may be ahead, takes it for expired. */
const RENEW_BEFORE_SECONDS = 120;

/** The identity's key cannot sign a token. */
class KeyUnusable extends Data.TaggedError("KeyUnusable")<{ readonly detail: string }> {
  override get message() {
    return this.detail;
  }
}

interface Token {
  readonly text: Redacted.Redacted<string>;
  readonly expiresAt: number;
}

/** Tokens signed with the identity's key, made afresh before they expire. */
export const makeTokens = Effect.fnUntraced(function* (identity: Identity) {
  const current = yield* Ref.make<Token | undefined>(undefined);
  const sign = Effect.fnUntraced(function* (now: number) {
    const key = privateKeyOf(Redacted.value(identity.privateKey));
    if (key === undefined) {
      return yield* new KeyUnusable({ detail: "the identity's private key cannot be read" });
    }
    const alg = algorithmOf(key);
    if (alg === undefined) {
      return yield* new KeyUnusable({
        detail: `no token can be signed with a key of type ${describeKey(kindOf(key))}`,
      });
    }
    const { SignJWT } = yield* Effect.promise(() => import("jose"));
    const text = yield* Effect.tryPromise({
      try: () =>
        new SignJWT({ workspace_id: identity.workspaceId })
          .setProtectedHeader({ alg, kid: identity.keyId, typ: "JWT" })
          .setIssuer(identity.serviceAccountId)
          .setSubject(identity.serviceAccountId)
          .setAudience(identity.managementPlaneUrl)
          .setJti(randomUUID())
          .setIssuedAt(now)
          .setExpirationTime(now + LIFETIME_SECONDS)
          .sign(key),
      catch: () => new KeyUnusable({ detail: `the identity's key cannot sign a token (${alg})` }),
    });
    return { text: Redacted.make(text, { label: "token" }), expiresAt: now + LIFETIME_SECONDS };
  });
  return Effect.gen(function* () {
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000);
    const known = yield* Ref.get(current);
    if (known !== undefined && known.expiresAt - RENEW_BEFORE_SECONDS > now) return known.text;
    const made = yield* sign(now);
    yield* Ref.set(current, made);
    return made.text;
  });
});
