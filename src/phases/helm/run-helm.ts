/** `helm upgrade`, from its start to what the history says it did. */
import { Effect, Option, Redacted, Result } from "effect";
import { type HelmOutcome, helmOutcome, inHelmsWay, said } from "../../domain/helm/outcome.ts";
import { jsonEquals } from "../../domain/kube/json.ts";
import { type History, lastRevision } from "../../domain/release/release.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { Helm, type HelmError, type HelmExit, type HelmRun } from "../../services/helm/Helm.ts";
import { type Reporter, warn } from "../../services/report/Reporter.ts";
import type { Rollout } from "../../services/rollout/RolloutGate.ts";
import { describeRootCause } from "../../words/rollout/trouble.ts";
import { staged } from "../rollout/rollout.ts";
import {
  isServerSide,
  nextRevision,
  readHistory,
  type UpgradeAttempt,
  untilAnswered,
} from "./attempt.ts";

/** Waits for Helm only as long as it can end well. */
const helmOrDoom = (
  { options, installed }: UpgradeAttempt,
  run: HelmRun,
  rollout: Rollout,
): Effect.Effect<HelmExit, HelmError, Reporter> =>
  options.failFast
    ? Effect.raceFirst(
        run.exit,
        rollout.doomed.pipe(
          Effect.flatMap(({ cause }) =>
            warn({
              code: "upgrade-doomed",
              why: redactText(describeRootCause(cause), installed.secrets),
            }),
          ),
          // By now Helm waits: what is fatal has stood for its grace time.
          Effect.andThen(run.cancel),
          Effect.andThen(run.exit),
        ),
      )
    : run.exit;

/** The fields that it changes were reported, and confirmed, before the first write. */
const takesOver = Effect.fnUntraced(function* ({ options, installed, before }: UpgradeAttempt) {
  const newest = lastRevision(before)?.revision;
  if (options.onConflict === "refuse" || newest === undefined) return false;
  return yield* isServerSide(installed.release, [newest]);
});

/** Helm's end. An interruption is passed to Helm once, which then fails, or rolls back, and is seen through. */
const helmExit = Effect.fnUntraced(function* (attempt: UpgradeAttempt, rollout: Rollout) {
  const { options, installed, interruption, waits = true } = attempt;
  const helm = yield* Helm;
  const run = yield* helm.upgrade({
    release: installed.release,
    chart: installed.chart.directory,
    values: installed.values,
    timeout: options.timeout,
    atomic: options.atomic && waits,
    wait: waits,
    takeOver: yield* takesOver(attempt),
  });
  const ended = yield* interruption.wait(
    staged("helm upgrade", options.timeout, helmOrDoom(attempt, run, rollout)),
  );
  return Option.isSome(ended) ? ended.value : yield* Effect.andThen(run.cancel, run.exit);
}, Effect.scoped);

/**
 * Whether the revision that was in Helm's way is Helm's own. With the lock held, another program with the same chart and the same
 * values would be a Helm that this operator started by hand in the same second.
 */
const ownRevision = Effect.fnUntraced(function* (
  { installed, before }: UpgradeAttempt,
  after: History,
  errorText: string,
) {
  const suspect = inHelmsWay(before, after, errorText);
  const { release, chart, values } = installed;
  if (suspect?.chart !== `${chart.name}-${chart.version}`) return undefined;
  const helm = yield* Helm;
  const written = yield* Effect.option(untilAnswered(helm.userValues(release, suspect.revision)));
  return Option.isSome(written) && jsonEquals(Redacted.value(written.value), Redacted.value(values))
    ? suspect
    : undefined;
});

/** Runs Helm to its end. */
export const helmErrorText = (attempt: UpgradeAttempt, rollout: Rollout) =>
  Effect.match(helmExit(attempt, rollout), {
    onSuccess: (ended) => ended.errorText,
    onFailure: (error) => error.text,
  });

/** Runs Helm to its end and decides from the history what it did. */
export const runHelm = Effect.fnUntraced(function* (attempt: UpgradeAttempt, rollout: Rollout) {
  const { installed, before } = attempt;
  const { release } = installed;
  const errorText = yield* helmErrorText(attempt, rollout);
  const after = yield* Effect.result(untilAnswered(readHistory(release)));
  const outcome: HelmOutcome = Result.isSuccess(after)
    ? helmOutcome(
        before,
        after.success,
        errorText,
        yield* ownRevision(attempt, after.success, errorText),
      )
    : {
        _tag: "Broken",
        revision: nextRevision(before),
        reason: errorText === "" ? { _tag: "ClusterGone" } : said(errorText),
      };
  // Helm quotes values when a template or the schema rejects them.
  return "reason" in outcome && outcome.reason._tag === "Said"
    ? { ...outcome, reason: said(redactText(outcome.reason.text, installed.secrets)) }
    : outcome;
});
