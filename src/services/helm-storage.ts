/** What Helm has stored of a release, told without Helm, and where only Helm itself can tell. */
import { Duration, Effect, type Redacted } from "effect";
import type { History, ReleaseRef } from "../domain/release.ts";
import { HelmError } from "./Helm.ts";
import { noAnswer } from "./helm-failures.ts";
import type { Kubectl, KubectlError } from "./Kubectl.ts";
import type { RevisionContents } from "./release-secret.ts";
import { makeStoredHistory } from "./stored-history.ts";

const HISTORY_TIMEOUT = Duration.minutes(1);

/** What `HELM_DRIVER` says when Helm keeps its records in Secrets. */
const SECRETS_DRIVER = new Set(["", "secret", "secrets"]);

const keepsSecrets = Effect.sync(() =>
  SECRETS_DRIVER.has((process.env.HELM_DRIVER ?? "").toLowerCase()),
);

/** An API server that does not answer tare would not answer Helm: that would be a second timeout for the same silence. */
const unlessSilent = ({ reason, message }: KubectlError): Effect.Effect<undefined, HelmError> =>
  reason === "Unreachable" || reason === "TimedOut"
    ? Effect.fail(new HelmError({ command: "history", kind: "unreachable", text: message }))
    : Effect.succeed(undefined);

/** Each is `undefined` where Helm is to be asked. */
export interface HelmStorage {
  readonly history: (release: ReleaseRef) => Effect.Effect<History | undefined, HelmError>;
  readonly contents: (
    release: ReleaseRef,
    revision: number,
  ) => Effect.Effect<Redacted.Redacted<RevisionContents> | undefined>;
}

export const makeHelmStorage = Effect.fnUntraced(function* (kubectl: Kubectl["Service"]) {
  const stored = yield* makeStoredHistory(kubectl);
  const storage: HelmStorage = {
    history: Effect.fnUntraced(function* (release) {
      if (!(yield* keepsSecrets)) return undefined;
      return yield* stored.history(release).pipe(
        Effect.catch(unlessSilent),
        Effect.timeoutOrElse({
          duration: HISTORY_TIMEOUT,
          orElse: () => Effect.fail(noAnswer("history", HISTORY_TIMEOUT)),
        }),
      );
    }),
    contents: Effect.fnUntraced(function* (release, revision) {
      return (yield* keepsSecrets) ? yield* stored.contents(release, revision) : undefined;
    }),
  };
  return storage;
});
