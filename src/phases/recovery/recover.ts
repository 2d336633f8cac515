/** Brings a release back that Helm refuses to touch, so that the upgrade can go on from there. */
import { Duration, Effect, Exit, Redacted } from "effect";
import type { Identity } from "../../domain/identity.ts";
import { storedSecrets } from "../../domain/lost-values.ts";
import { type Diagnosis, diagnose, pendingStory } from "../../domain/recovery.ts";
import { chartVersion, lastRevision } from "../../domain/release.ts";
import type { RunRecord } from "../../domain/run-journal.ts";
import type { UpgradeOptions } from "../../domain/upgrade-options.ts";
import { ClusterUnavailable } from "../../errors.ts";
import { Confirmation } from "../../services/Confirmation.ts";
import type { HelmError } from "../../services/Helm.ts";
import type { KubectlError } from "../../services/Kubectl.ts";
import { ProcessTable } from "../../services/ProcessTable.ts";
import { warn } from "../../services/Reporter.ts";
import { RunJournal } from "../../services/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import { type ReleaseFacts, readRelease } from "../discovery/read-release.ts";
import { rollBack } from "../helm/roll-back.ts";
import { journaled } from "../journaled.ts";
import { answerFurtherSignals } from "../second-signal.ts";
import { awaitHelm, helmsHere } from "./await-helm.ts";
import type { Entered } from "./enter.ts";

type Recoverable = Exclude<Diagnosis, { readonly _tag: "Sound" }> & {
  readonly to: NonNullable<Extract<Diagnosis, { readonly _tag: "Pending" }>["to"]>;
};

const isRecoverable = (diagnosis: Diagnosis): diagnosis is Recoverable =>
  diagnosis._tag !== "Sound" && diagnosis.to !== undefined;

const causeOf = ({ _tag, revision }: Recoverable): string =>
  _tag === "Pending"
    ? `revision ${revision.revision} is ${revision.status}: ${pendingStory(revision)}`
    : `revision ${revision.revision} is ${revision.status}, and no revision is deployed`;

export interface RecoveryInput {
  readonly options: UpgradeOptions;
  readonly identity: Identity;
  readonly runId: string;
}

const rollBackTo = Effect.fnUntraced(function* (
  { options, identity, runId }: RecoveryInput,
  { lock }: Entered,
  facts: ReleaseFacts,
  diagnosis: Recoverable,
) {
  const { release, timeout } = options;
  const { revision, to } = diagnosis;
  const base = lastRevision(facts.history)?.revision ?? 0;
  const baseUid = facts.secretUids.get(base);
  const journal = yield* Effect.flatMap(RunJournal, (journals) =>
    journals.open({
      runId,
      release,
      cliVersion: CLI_VERSION,
      workspaceId: identity.workspaceId,
      fromVersion: chartVersion(revision),
      toVersion: chartVersion(to),
      timeoutSeconds: Duration.toSeconds(timeout),
      baseRevision: base,
      ...(baseUid === undefined ? {} : { baseUid }),
    }),
  );
  yield* answerFurtherSignals(release, journal);
  const stored = facts.stored === undefined ? {} : Redacted.value(facts.stored);
  const secrets = [...storedSecrets(stored), identity.privateKey];
  const failure = {
    revision: revision.revision,
    cause: causeOf(diagnosis),
    missingImage: undefined,
  };
  const installed = { release, lastGood: to, secrets };
  // A signal that comes now ends the run, but not before the release is in one piece again.
  yield* rollBack({ options, installed, lock }, failure).pipe(
    Effect.catchTag("UpgradeRolledBack", ({ restoredRevision, deployedRevision }) =>
      warn(
        `release ${release.name} recovered: revision ${restoredRevision} runs again, as revision ${deployedRevision}`,
      ),
    ),
    journal.around("recovery"),
    journaled(journal),
    Effect.onExit((exit) => journal.end(Exit.isSuccess(exit) ? "Recovered" : "RecoveryFailed")),
    Effect.uninterruptible,
  );
}, Effect.scoped);

const unavailable = ({ message }: HelmError | KubectlError) =>
  new ClusterUnavailable({ doing: "read the release", detail: message });

const questionFor = ({ release }: UpgradeOptions, diagnosis: Recoverable): string =>
  `${causeOf(diagnosis)}\nGo back to revision ${diagnosis.to.revision} of release ${release.name} first, then upgrade?`;

const readAgain = (options: UpgradeOptions) =>
  Effect.mapError(readRelease(options.release), unavailable);

/** Whether the run that was the last to upgrade can still be going on: of one on another machine only its lock tells. */
const mayBeGoingOn = Effect.fnUntraced(function* (run: RunRecord | undefined) {
  if (run === undefined || run.ended !== undefined) return false;
  const processes = yield* ProcessTable;
  return (yield* processes.fate(run.process)) !== "gone";
});

/**
 * A release is not what it will be while another run is in the middle of it, or a Helm that outlived its tare. Either is
 * waited for first, by entering: that is where a living run is named.
 */
const undisturbed = Effect.fnUntraced(function* <E, R>(
  options: UpgradeOptions,
  facts: Effect.Effect<ReleaseFacts, HelmError | KubectlError>,
  entering: Effect.Effect<Entered, E, R>,
) {
  const found = yield* Effect.mapError(facts, unavailable);
  const isChanging =
    diagnose(found.history, found.unproven)._tag === "Sound"
      ? (yield* helmsHere(options.release)).length > 0
      : yield* mayBeGoingOn(found.lastRun);
  if (!isChanging) return found;
  yield* entering;
  return yield* readAgain(options);
});

/**
 * The release's facts, after bringing it back to its last good revision if that is what it takes and what the operator
 * wants; else as they are, for discovery to refuse.
 */
export const soundFacts = Effect.fnUntraced(function* <E, R>(
  input: RecoveryInput,
  facts: Effect.Effect<ReleaseFacts, HelmError | KubectlError>,
  entering: Effect.Effect<Entered, E, R>,
) {
  const { options } = input;
  const found = yield* undisturbed(options, facts, entering);
  const diagnosis = diagnose(found.history, found.unproven);
  if (!isRecoverable(diagnosis)) return found;
  if (!options.recover) {
    const confirmation = yield* Confirmation;
    if (!(yield* confirmation.ask(questionFor(options, diagnosis)))) return found;
  }
  const entered = yield* entering;
  if (diagnosis._tag === "Pending") {
    yield* awaitHelm(options.release, diagnosis.revision, entered.dead, options.timeout).pipe(
      Effect.mapError((error) =>
        error._tag === "OperationInProgress" ? error : unavailable(error),
      ),
    );
  }
  const now = yield* readAgain(options);
  const still = diagnose(now.history, now.unproven);
  if (!isRecoverable(still)) return now;
  yield* rollBackTo(input, entered, now, still);
  return yield* readAgain(options);
});
