/** What Helm has stored of a release, told without Helm, and where only Helm itself can tell. */
import { Duration, Effect, type Redacted } from "effect";
import { recordType } from "../../domain/helm/driver.ts";
import type { History, ReleaseRef } from "../../domain/release/release.ts";
import { CurrentHelmDriver } from "../helm/CurrentHelmDriver.ts";
import { HelmError } from "../helm/Helm.ts";
import { noAnswer } from "../helm/helm-failures.ts";
import type { Kubectl, KubectlError } from "../kube/Kubectl.ts";
import type { RevisionContents } from "./release-secret.ts";
import { makeStoredHistory } from "./stored-history.ts";

const HISTORY_TIMEOUT = Duration.minutes(1);

/** An API server that does not answer tare would not answer Helm: that would be a second timeout for the same silence. */
const unlessSilent = ({ reason, message }: KubectlError): Effect.Effect<undefined, HelmError> =>
  reason === "Unreachable" || reason === "TimedOut"
    ? Effect.fail(new HelmError({ command: "history", kind: "unreachable", text: message }))
    : Effect.succeed(undefined);

/** Each is `undefined` where Helm is to be asked. */
interface HelmStorage {
  readonly history: (release: ReleaseRef) => Effect.Effect<History | undefined, HelmError>;
  readonly contents: (
    release: ReleaseRef,
    revision: number,
  ) => Effect.Effect<Redacted.Redacted<RevisionContents> | undefined>;
}

export const makeHelmStorage = Effect.fnUntraced(function* (kubectl: Kubectl["Service"]) {
  const driver = yield* CurrentHelmDriver;
  const type = Effect.map(driver, recordType);
  const stored = yield* makeStoredHistory(kubectl);
  const storage: HelmStorage = {
    history: Effect.fnUntraced(function* (release) {
      const records = yield* type;
      if (records === undefined) return undefined;
      return yield* stored.history(release, records).pipe(
        Effect.catch(unlessSilent),
        Effect.timeoutOrElse({
          duration: HISTORY_TIMEOUT,
          orElse: () => Effect.fail(noAnswer("history", HISTORY_TIMEOUT)),
        }),
      );
    }),
    contents: Effect.fnUntraced(function* (release, revision) {
      const records = yield* type;
      return records === undefined ? undefined : yield* stored.contents(release, revision, records);
    }),
  };
  return storage;
});
