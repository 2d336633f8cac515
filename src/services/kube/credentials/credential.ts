import { Effect } from "effect";
import { KubectlError } from "../Kubectl.ts";

/** What one request proves its sender with. Two of them are the same only if they are the same object. */
export interface Credential {
  readonly authorization: string | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

export interface IssuedCredential {
  readonly credential: Credential;
  /** In milliseconds since 1970; `undefined` when it does not expire. */
  readonly expiresAt: number | undefined;
}

export interface CredentialSource {
  /** Fresh for every request; what takes time is done once for all that ask meanwhile. */
  readonly current: Effect.Effect<Credential, KubectlError>;
  /** After the server refused this one: whether `current` has another now. */
  readonly renew: (refused: Credential) => Effect.Effect<boolean, KubectlError>;
}

/** One that is asked for, and held until it ends. */
export interface IssuingSource extends CredentialSource {
  /** Like `current`, with when it ends; the same object while it is held. */
  readonly issued: Effect.Effect<IssuedCredential, KubectlError>;
}

export const noCredential = (detail: string): KubectlError =>
  new KubectlError({ reason: "Unauthorized", request: "get credentials", detail });

export const fixedCredential = (authorization: string | undefined): CredentialSource => {
  const credential: Credential = { authorization, certificate: undefined };
  return { current: Effect.succeed(credential), renew: () => Effect.succeed(false) };
};
