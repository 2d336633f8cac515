import { Effect, Exit, Option, Ref } from "effect";
import { Command } from "effect/cli";
import { type CrdBackup, restoreHints } from "../../domain/crds/backup.ts";
import type { Hint } from "../../domain/hints/hint.ts";
import {
  helmCommand,
  kubectlCommand,
  type OperatorEnvironment,
  pasteable,
  rollbackCommand,
} from "../../domain/hints/operator-commands.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { planHasChanges } from "../../domain/plan/upgrade-plan.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { doingCommand, idleWarning } from "../../domain/values/idle-flags.ts";
import type { OperatorError } from "../../errors.ts";
import { plan } from "../../operations/plan.ts";
import { type UpgradeOutcome, upgrade } from "../../operations/upgrade.ts";
import type { UpgradeResult } from "../../phases/helm/helm-upgrade.ts";
import { needsScript, restoreScript, scriptHint } from "../../render/text/restore-script.ts";
import { warningText } from "../../render/warnings/warning.ts";
import { CrdBackups } from "../../services/crds/CrdBackups.ts";
import { Reporter, report } from "../../services/report/Reporter.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { identityFile, upgradeFlags } from "../flags/upgrade-flags.ts";
import { givenUpgradeFlags, type UpgradeInput, upgradeOptions } from "../flags/upgrade-input.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { RunFailed } from "../RunFailed.ts";
import { exitCodesHelp, UPGRADE_EXIT_CODES } from "./exit-codes.ts";

const closingHints = (
  env: OperatorEnvironment,
  { release, dataplaneNamespace }: UpgradeOptions,
  { rollbackRevision, rollbackTakesOver: takeOver }: UpgradeResult,
): ReadonlyArray<Hint> => [
  {
    title: "Rollback (if needed):",
    commands: [
      rollbackRevision === undefined
        ? helmCommand(env, "history", release.name, "-n", release.namespace)
        : rollbackCommand(env, { release, revision: rollbackRevision, takeOver }),
    ],
  },
  {
    title: "Inspect:",
    commands: [
      kubectlCommand(env, "get", "pods", "-n", release.namespace),
      kubectlCommand(env, "get", "pods", "-n", dataplaneNamespace),
    ],
  },
];

/** What the run did to the CRDs so far. */
interface CrdTraces {
  readonly backup: CrdBackup | undefined;
  readonly created: number;
  readonly updated: number;
}

/** What a flag was to do, and this run could not. */
const idleHints = (
  env: OperatorEnvironment,
  { release }: UpgradeOptions,
  { idle }: UpgradeOutcome,
): ReadonlyArray<Hint> =>
  idle.flatMap((one) => {
    const command = doingCommand(one, release, env);
    return command === undefined
      ? []
      : [
          {
            title: `${warningText(idleWarning(one, undefined))}. To change it:`,
            commands: [command],
          },
        ];
  });

const UNTOUCHED: CrdTraces = { backup: undefined, created: 0, updated: 0 };

const after = (traces: CrdTraces, event: ReportEvent): CrdTraces => {
  if (event._tag === "CrdsBackedUp") return { ...traces, backup: event.backup };
  if (event._tag !== "CrdWritten") return traces;
  return event.isNew
    ? { ...traces, created: traces.created + 1 }
    : { ...traces, updated: traces.updated + 1 };
};

/** Whatever the run comes to, it ends with what it did to the CRDs and how they come back. */
const remembering = (traces: Ref.Ref<CrdTraces>) => (reporter: Reporter["Service"]) =>
  Reporter.of({
    report: (event) =>
      Effect.andThen(
        Ref.update(traces, (all) => after(all, event)),
        reporter.report(event),
      ),
  });

/** Where the script cannot be written, the steps are printed. */
const wayBack = Effect.fnUntraced(function* ({ backup }: CrdTraces, env: OperatorEnvironment) {
  if (backup === undefined) return [];
  const told = restoreHints(backup, env);
  if (!needsScript(backup)) return told;
  const backups = yield* CrdBackups;
  const saved = backups.saveScript(restoreScript(backup, env), backup.migrateFirst.file);
  return yield* Effect.match(saved, {
    onSuccess: (script): ReadonlyArray<Hint> => [scriptHint(backup, script)],
    onFailure: () => told,
  });
});

/** Of a run that did not get to its end: the CRDs are all that stays of it. */
const crdHints = Effect.fnUntraced(function* (traces: CrdTraces, env: OperatorEnvironment) {
  const { created, updated } = traces;
  if (created + updated === 0) return [];
  const title = `CRDs that this run wrote stay as they are now: ${created} created, ${updated} updated.`;
  return [{ title, commands: [] }, ...(yield* wayBack(traces, env))];
});

const reportFailure = Effect.fnUntraced(function* (
  input: UpgradeInput,
  error: OperatorError,
  traces: CrdTraces,
) {
  const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
  return yield* reportOperatorError(error, env, yield* crdHints(traces, env));
});

const CHANGES = 3;

const runPlan = Effect.fnUntraced(function* (options: UpgradeOptions, identity: Identity) {
  const planned = yield* plan(options, identity);
  if (planHasChanges(planned)) return yield* new RunFailed({ exitCode: CHANGES });
});

const runUpgrade = Effect.fnUntraced(function* (input: UpgradeInput, traces: Ref.Ref<CrdTraces>) {
  const options = yield* upgradeOptions(input);
  const identity = yield* readIdentity(input.identityFile);
  if (input.plan) return yield* runPlan(options, identity);
  const result = yield* Effect.updateService(
    upgrade(options, identity),
    Reporter,
    remembering(traces),
  );
  const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
  const { revision, notes } = result;
  if (notes !== undefined) yield* report({ _tag: "ChartNotes", revision, notes });
  yield* report({
    _tag: "Completed",
    revision,
    fromVersion: result.fromVersion,
    toVersion: result.toVersion,
    hints: pasteable(env, [
      ...closingHints(env, options, result),
      ...idleHints(env, options, result),
      ...(yield* wayBack(yield* Ref.get(traces), env)),
    ]),
  });
});

const run = Effect.fn("tare.command.upgrade")(function* (input: UpgradeInput) {
  const traces = yield* Ref.make(UNTOUCHED);
  const exit = yield* Effect.exit(inOperatorShell(input)(runUpgrade(input, traces)));
  if (Exit.isSuccess(exit)) return;
  const error = Exit.findErrorOption(exit);
  if (Option.isSome(error)) {
    if (error.value._tag === "RunFailed") return yield* error.value;
    return yield* reportFailure(input, error.value, yield* Ref.get(traces));
  }
  if (Exit.hasInterrupts(exit)) {
    const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
    const hints = pasteable(env, yield* crdHints(yield* Ref.get(traces), env));
    yield* report({ _tag: "Interrupted", hints });
  }
  return yield* Effect.failCause(exit.cause);
  // What came of an interrupted run is said all the same.
}, Effect.uninterruptible);

export const upgradeCommand = Command.make("upgrade", { identityFile, ...upgradeFlags }, run).pipe(
  Command.withShortDescription("Upgrade an installed TARS data plane to the embedded version"),
  Command.withDescription(
    `Upgrade an installed TARS data plane to the version embedded in this binary, with zero downtime when it is HA.

${exitCodesHelp(UPGRADE_EXIT_CODES)}`,
  ),
  Command.withExamples([
    { command: "tare upgrade identity.json", description: "Standard upgrade" },
    { command: "tare upgrade identity.json --plan", description: "See first what would change" },
    {
      command: "tare upgrade identity.json --image-registry newregistry.example.com",
      description: "Move to another image registry (sync the images there first)",
    },
    {
      command: "tare upgrade identity.json --allow-downtime",
      description: "Upgrade a single-replica installation, dropping its streams",
    },
  ]),
);
