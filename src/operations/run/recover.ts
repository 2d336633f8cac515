/** Brings a release back that Helm refuses to touch, so that the upgrade can go on from there. */
import { Duration, Effect, Exit, Redacted } from "effect";
import type { Identity } from "../../domain/identity/identity.ts";
import { chartVersion, lastRevision } from "../../domain/release/release.ts";
import { note } from "../../domain/release/revision-identity.ts";
import { withoutExcuses } from "../../domain/rollout/baseline/prior-state.ts";
import { type Diagnosis, diagnose, pendingStory } from "../../domain/run/recovery.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { visible } from "../../domain/text/visible.ts";
import { storedSecrets } from "../../domain/values/lost-values.ts";
import { keepingScales } from "../../phases/fields/keep-scales.ts";
import { rollBack } from "../../phases/helm/roll-back.ts";
import { unavailable } from "../../phases/kube/unavailable.ts";
import type { ReleaseFacts } from "../../phases/release/read-release.ts";
import { recordsInTheWay } from "../../phases/release/requirements.ts";
import { readPriorState } from "../../phases/rollout/prior-state.ts";
import type { HelmError } from "../../services/helm/Helm.ts";
import type { KubectlError } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";
import { Confirmation } from "../../services/run/Confirmation.ts";
import { RunJournal } from "../../services/run/RunJournal.ts";
import { CLI_VERSION } from "../../version.ts";
import { awaitHelm } from "./await-helm.ts";
import { journaled } from "./journaled.ts";
import { answerFurtherSignals } from "./second-signal.ts";
import type { Entered } from "./take-ownership.ts";
import { readAgain, undisturbed } from "./wait-for-others.ts";

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
