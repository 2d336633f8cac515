/** The release itself: Helm takes it away, hooks included, and what Helm leaves is taken after it. */
import { Effect, type Redacted } from "effect";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { isGoing } from "../../domain/uninstall/found.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { report } from "../../services/report/Reporter.ts";
import { readHistory, untilAnswered } from "../helm/attempt.ts";
import { mayWrite } from "../helm/require-unchanged.ts";
import type { PhaseInput } from "./custom-resources.ts";
import { awaitGone, deleteAll, failed, orFailed } from "./delete.ts";
import { readMarked, readTypes } from "./inventory.ts";

export interface HelmUninstallInput extends PhaseInput {
  /** Not to be quoted. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>;
}

/** Helm's wait knows nothing of finalizers, and would last for its whole timeout: what is left is waited for here. */
const runHelm = Effect.fnUntraced(function* ({ options, lock, secrets }: HelmUninstallInput) {
  const { release, timeout } = options;
  const helm = yield* Helm;
  const known = orFailed(release);
  const before = yield* Effect.mapError(untilAnswered(readHistory(release)), known);
  if (before.length === 0) return yield* report({ _tag: "ReleaseGone", release });
  yield* mayWrite(lock);
  yield* report({ _tag: "HelmUninstallStarted", release, timeout: formatGoDuration(timeout) });
  const { code, errorText } = yield* Effect.mapError(
    helm.uninstall({ release, timeout, wait: false }),
    known,
  );
  // What Helm reports and what is there can differ: the record goes last.
  const after = yield* Effect.mapError(untilAnswered(readHistory(release)), known);
  if (after.length === 0) return;
  if (code === 0) return yield* failed(release, { _tag: "RecordsLeft", count: after.length });
  return yield* failed(release, { _tag: "Helm", text: redactText(errorText, secrets) });
});

/** Objects of revisions that Helm does not look at, and those that it was told to keep. */
const takeRest = Effect.fnUntraced(function* ({ options, lock }: PhaseInput) {
  const { release, timeout } = options;
  const known = orFailed(release);
  const look = Effect.flatMap(readTypes, (types) => readMarked(options, types));
  const left = yield* Effect.mapError(look, known);
  const objects = yield* Effect.catchTag(
    deleteAll(
      left.filter((one) => !isGoing(one)),
      lock,
    ),
    "KubectlError",
    known,
  );
  if (objects.length > 0) yield* report({ _tag: "ObjectsDeleted", what: "objects", objects });
  const held = Effect.map(look, (found) =>
    found.map(({ ref, object }) => ({
      object: ref,
      finalizers: object.metadata.finalizers ?? [],
    })),
  );
  const rest = yield* Effect.mapError(awaitGone(held, timeout), known);
  if (rest.length > 0) return yield* failed(release, { _tag: "ObjectsLeft", objects: rest });
});

export const helmUninstall = {
  id: "helm-uninstall",
  title: "helm uninstall",
  run: Effect.fnUntraced(function* (input: HelmUninstallInput) {
    yield* runHelm(input);
    yield* takeRest(input);
  }),
};
