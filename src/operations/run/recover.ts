/** Brings a release back that Helm refuses to touch, so that the upgrade can go on from there. */
import { Clock, Effect, Exit, Option, Redacted } from "effect";
import { chartVersion, type ReleaseRef } from "../../domain/release/release.ts";
import { withoutExcuses } from "../../domain/rollout/baseline/prior-state.ts";
import { type Diagnosis, diagnose, type Stuck } from "../../domain/run/recovery.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { requireWayBack } from "../../phases/checks/release/way-back.ts";
import { keepingScales } from "../../phases/fields/keep-scales.ts";
import { rollBack } from "../../phases/helm/roll-back.ts";
import { unavailable } from "../../phases/kube/unavailable.ts";
import { requireOwnDataPlane } from "../../phases/release/carrying.ts";
import type { ReleaseFacts } from "../../phases/release/read-release.ts";
import { recordsInTheWay } from "../../phases/release/requirements.ts";
import { requireRecordsInCluster } from "../../phases/release/unrecorded.ts";
import { readPriorState } from "../../phases/rollout/prior-state.ts";
import { uncounted } from "../../pipeline.ts";
import type { HelmError } from "../../services/helm/Helm.ts";
import { Helm } from "../../services/helm/Helm.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { report } from "../../services/report/Reporter.ts";
import { Prompts } from "../../services/run/Prompts.ts";
import { describeStuck } from "../../words/run/recovery.ts";
import { journaled } from "./journaled.ts";
import { openJournal, type UpgradeRun } from "./run.ts";
import { answerFurtherSignals } from "./second-signal.ts";
import { type OwnedRelease, takeOwnership } from "./take-ownership.ts";
import { waitForHelm } from "./wait-for-helm.ts";
import { type FoundRelease, readAgain, waitForOthers } from "./wait-for-others.ts";

type Recoverable = Stuck & { readonly to: NonNullable<Stuck["to"]> };

const isRecoverable = (diagnosis: Diagnosis): diagnosis is Recoverable =>
  diagnosis._tag !== "Sound" && diagnosis.to !== undefined;

const rollBackTo = Effect.fnUntraced(function* (
  run: UpgradeRun,
  { lock }: OwnedRelease,
  facts: ReleaseFacts,
  diagnosis: Recoverable,
) {
  const { options, identity } = run;
  const { release } = options;
  const { revision, to } = diagnosis;
  const journal = yield* openJournal(run, {
    history: facts.history,
    fromVersion: chartVersion(revision),
    toVersion: chartVersion(to),
  });
  yield* answerFurtherSignals(release, journal);
  const stored = facts.stored === undefined ? {} : Redacted.value(facts.stored);
  const secrets = [...storedSecrets(stored), identity.privateKey];
  const failure = {
    revision: revision.revision,
    cause: describeStuck(diagnosis),
    missingImage: undefined,
  };
  const installed = { release, lastGood: to, secrets, scaled: facts.scaled };
  const before = yield* readPriorState(options);
  const prior = before === undefined ? undefined : withoutExcuses(before);
  // A signal that comes now ends the run, but not before the release is in one piece again.
  yield* rollBack({ options, installed, lock, prior }, failure).pipe(
    keepingScales(release, to.revision, facts.scaled),
    Effect.catchTag("UpgradeRolledBack", ({ restoredRevision, deployedRevision }) =>
      report({
        _tag: "ReleaseRecovered",
        release,
        restored: restoredRevision,
        deployed: deployedRevision,
      }),
    ),
    journal.around("recovery"),
    journaled(journal),
    Effect.onExit((exit) => journal.end(Exit.isSuccess(exit) ? "Recovered" : "RecoveryFailed")),
    Effect.uninterruptible,
  );
}, Effect.scoped);

const mayRecover = Effect.fnUntraced(function* (run: UpgradeRun, diagnosis: Recoverable) {
  if (run.options.recover) return true;
  const prompts = yield* Prompts;
  const answer = yield* prompts.confirm({
    _tag: "Recover",
    release: run.options.release,
    stuck: diagnosis,
    to: diagnosis.to.revision,
    noun: run.operation.noun,
  });
  return Option.getOrElse(answer, () => false);
});

/** Says that a recovery is under way, and how long it took. */
const announced =
  ({ release }: UpgradeOptions, { revision: { revision, status }, to }: Recoverable) =>
  <A, E, R>(recovery: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      yield* report({ _tag: "RecoveryStarted", release, revision, status, to: to.revision });
      const startedAt = yield* Clock.currentTimeMillis;
      return yield* Effect.onExit(recovery, (exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          report({
            _tag: "RecoveryFinished",
            millis: now - startedAt,
            succeeded: Exit.isSuccess(exit),
          }),
        ),
      );
    });

const recover = Effect.fnUntraced(function* (
  run: UpgradeRun,
  found: FoundRelease,
  diagnosis: Recoverable,
) {
  if (!(yield* mayRecover(run, diagnosis))) return found;
  return yield* bringBack(run, found, diagnosis).pipe(announced(run.options, diagnosis));
});

const valuesOf = Effect.fnUntraced(function* (release: ReleaseRef, revision: number) {
  const helm = yield* Helm;
  return Option.getOrUndefined(yield* Effect.option(helm.userValues(release, revision)));
});

const bringBack = Effect.fnUntraced(function* (
  run: UpgradeRun,
  found: FoundRelease,
  diagnosis: Recoverable,
) {
  const { options } = run;
  // Where nothing is deployed, it is what the rollback brings back that says where its data plane is.
  const stored = found.facts.stored ?? (yield* valuesOf(options.release, diagnosis.to.revision));
  if (stored !== undefined) yield* requireOwnDataPlane(options, Redacted.value(stored));
  yield* requireWayBack(options, found.facts.history.length);
  const ownership = found.ownership ?? (yield* takeOwnership(options));
  if (diagnosis._tag === "Pending") {
    yield* waitForHelm(options.release, diagnosis.revision, ownership.dead, options.timeout).pipe(
      Effect.mapError((error) =>
        error._tag === "OperationInProgress" ? error : unavailable("read the release")(error),
      ),
    );
  }
  const now = yield* readAgain(options);
  const still = diagnose(now.history, now.unproven);
  if (!isRecoverable(still)) return { facts: now, ownership } satisfies FoundRelease;
  yield* rollBackTo(run, ownership, now, still);
  return { facts: yield* readAgain(options), ownership } satisfies FoundRelease;
});

/**
 * The release's facts, after bringing it back to its last good revision if that is what it takes and what the operator
 * wants; else as they are, for discovery to refuse. What had to be waited for, asked and rolled back is not counted as the
 * time of the phase that it runs under.
 */
export const recoverIfStuck = Effect.fn("tare.recover-if-stuck")(function* (
  run: UpgradeRun,
  reading: Effect.Effect<ReleaseFacts, HelmError | KubectlError>,
) {
  yield* requireRecordsInCluster;
  const found = yield* waitForOthers(run.options, reading);
  const { history, unproven } = found.facts;
  const diagnosis = diagnose(history, unproven);
  // A rollback writes a record too.
  if (!isRecoverable(diagnosis) || recordsInTheWay(found.facts).length > 0) return found;
  return yield* uncounted(recover(run, found, diagnosis));
});
