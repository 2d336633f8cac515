import { readFile } from "node:fs/promises";
import { Effect } from "effect";
import { type Credential, type CredentialSource, noCredential } from "./credential.ts";

/** A token that others keep fresh in a file, as the kubelet does: read for every request, trimmed. */
export const tokenFileCredential = (file: string, fallback: string): CredentialSource => {
  let last: Credential | undefined;
  const bearer = (token: string): Credential => {
    const authorization = `Bearer ${token}`;
    if (last?.authorization !== authorization) last = { authorization, certificate: undefined };
    return last;
  };
  const current = Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: () => noCredential("the file of the token (tokenFile) cannot be read"),
  }).pipe(
    Effect.map((text) => text.trim()),
    Effect.filterOrFail(
      (token) => token !== "",
      () => noCredential("the file of the token (tokenFile) is empty"),
    ),
    Effect.map(bearer),
    // While the file is being replaced, the token before it may still do.
    Effect.catch((error) => {
      if (last !== undefined) return Effect.succeed(last);
      return fallback === "" ? Effect.fail(error) : Effect.sync(() => bearer(fallback));
    }),
  );
  return {
    current,
    renew: (refused) => Effect.map(current, (credential) => credential !== refused),
  };
};
