/** Brings a release back that Helm refuses to touch, so that the upgrade can go on from there. */
import { Duration, Effect, Exit, Redacted } from "effect";
import type { Identity } from "../../domain/identity.ts";
import { storedSecrets } from "../../domain/lost-values.ts";
import { type Diagnosis, diagnose, pendingStory } from "../../domain/recovery.ts";
import { chartVersion, lastRevision } from "../../domain/release.ts";
import { note } from "../../domain/revision-identity.ts";
import { withoutExcuses } from "../../domain/rollout/prior-state.ts";
import type { UpgradeOptions } from "../../domain/upgrade-options.ts";
import { visible } from "../../domain/visible.ts";
import { Confirmation } from "../../services/Confirmation.ts";
import type { HelmError } from "../../services/Helm.ts";
import type { KubectlError } from "../../services/Kubectl.ts";
import { warn } from "../../services/Reporter.ts";
import { RunJournal } from "../../services/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import type { ReleaseFacts } from "../discovery/read-release.ts";
import { recordsInTheWay } from "../discovery/requirements.ts";
import { keepingScales } from "../helm/keep-scales.ts";
import { rollBack } from "../helm/roll-back.ts";
import { journaled } from "../journaled.ts";
import { readPriorState } from "../prior-state.ts";
import { answerFurtherSignals } from "../second-signal.ts";
import { unavailable } from "../unavailable.ts";
import { awaitHelm } from "./await-helm.ts";
import type { Entered } from "./enter.ts";
import { readAgain, undisturbed } from "./undisturbed.ts";

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
  const base = lastRevision(facts.history);
  const baseUpdated = note(base)?.updated;
  const journal = yield* Effect.flatMap(RunJournal, (journals) =>
    journals.open({
      runId,
      release,
      cliVersion: CLI_VERSION,
      workspaceId: identity.workspaceId,
      fromVersion: chartVersion(revision),
      toVersion: chartVersion(to),
      timeoutSeconds: Duration.toSeconds(timeout),
      baseRevision: base?.revision ?? 0,
      ...(baseUpdated === undefined ? {} : { baseUpdated }),
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
  const found = yield* readPriorState(options);
  const prior = found === undefined ? undefined : withoutExcuses(found);
  // A signal that comes now ends the run, but not before the release is in one piece again.
  yield* rollBack({ options, installed, lock, prior }, failure).pipe(
    keepingScales(release, to.revision, facts.scaled),
    Effect.catchTag("UpgradeRolledBack", ({ restoredRevision, deployedRevision }) =>
      warn({
        code: "release-recovered",
        release: release.name,
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

const questionFor = ({ release }: UpgradeOptions, diagnosis: Recoverable): string =>
  `${visible(causeOf(diagnosis))}\nGo back to revision ${diagnosis.to.revision} of release ${release.name} first, then upgrade?`;

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
  // A rollback writes a record too.
  if (!isRecoverable(diagnosis) || recordsInTheWay(found).length > 0) return found;
  if (!options.recover) {
    const confirmation = yield* Confirmation;
    if (!(yield* confirmation.ask(questionFor(options, diagnosis)))) return found;
  }
  const entered = yield* entering;
  if (diagnosis._tag === "Pending") {
    yield* awaitHelm(options.release, diagnosis.revision, entered.dead, options.timeout).pipe(
      Effect.mapError((error) =>
        error._tag === "OperationInProgress" ? error : unavailable("read the release")(error),
      ),
    );
  }
  const now = yield* readAgain(options);
  const still = diagnose(now.history, now.unproven);
  if (!isRecoverable(still)) return now;
  yield* rollBackTo(input, entered, now, still);
  return yield* readAgain(options);
});
