import { Effect, Exit, Option } from "effect";
import { Command } from "effect/cli";
import { type Hint, helm, hint, kubectl, rollback } from "../../domain/hints/hint.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { planHasChanges } from "../../domain/plan/upgrade-plan.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { doingCommand, idleWarning } from "../../domain/values/idle-flags.ts";
import type { OperatorError } from "../../errors.ts";
import { plan } from "../../operations/plan.ts";
import { type UpgradeOutcome, upgrade } from "../../operations/upgrade.ts";
import { type CrdChanges, type EndOfRun, withCrdChanges } from "../../phases/crds/changes.ts";
import type { UpgradeResult } from "../../phases/helm/helm-upgrade.ts";
import { showHints } from "../../render/hints/hints.ts";
import { warningText } from "../../render/warnings/warning.ts";
import { report } from "../../services/report/Reporter.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { identityFile } from "../flags/shared-flags.ts";
import { UPGRADE_FLAGS, upgradeFlags } from "../flags/upgrade-flags.ts";
import { givenUpgradeFlags, type UpgradeInput, upgradeOptions } from "../flags/upgrade-input.ts";
import { UPGRADE_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { RunFailed } from "../RunFailed.ts";
import { crdHints, wayBack } from "./crd-hints.ts";
import { UPGRADE_EXIT_CODES } from "./exit-codes.ts";

const closingHints = (
  { release, dataplaneNamespace }: UpgradeOptions,
  { rollbackRevision, rollbackTakesOver: takeOver }: UpgradeResult,
): ReadonlyArray<Hint> => [
  hint(
    "Rollback (if needed):",
    rollbackRevision === undefined
      ? helm("history", release.name, "-n", release.namespace)
      : rollback({ release, revision: rollbackRevision, takeOver }),
  ),
  hint(
    "Inspect:",
    kubectl("get", "pods", "-n", release.namespace),
    kubectl("get", "pods", "-n", dataplaneNamespace),
  ),
];

/** What a flag was to do, and this run could not. */
const idleHints = ({ release }: UpgradeOptions, { idle }: UpgradeOutcome): ReadonlyArray<Hint> =>
  idle.flatMap((flag) => {
    const command = doingCommand(flag, release);
    return command === undefined
      ? []
      : [hint(`${warningText(idleWarning(flag, undefined))}. To change it:`, command)];
  });

const reportFailure = Effect.fnUntraced(function* (
  input: UpgradeInput,
  error: OperatorError,
  crds: CrdChanges,
) {
  const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
  return yield* reportOperatorError(error, env, yield* crdHints(crds, env));
});

const CHANGES = 3;

const runPlan = Effect.fnUntraced(function* (options: UpgradeOptions, identity: Identity) {
  const planned = yield* plan(options, identity);
  if (planHasChanges(planned)) return yield* new RunFailed({ exitCode: CHANGES });
});

const reportSuccess = Effect.fnUntraced(function* (
  input: UpgradeInput,
  options: UpgradeOptions,
  result: UpgradeOutcome,
  crds: CrdChanges,
) {
  const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
  const { revision, notes } = result;
  if (notes !== undefined) yield* report({ _tag: "ChartNotes", revision, notes });
  yield* report({
    _tag: "Completed",
    operation: "upgrade",
    revision,
    fromVersion: result.fromVersion,
    toVersion: result.toVersion,
    hints: showHints(env, [
      ...closingHints(options, result),
      ...idleHints(options, result),
      ...(yield* wayBack(crds, env)),
    ]),
  });
});

const reportInterruption = Effect.fnUntraced(function* (input: UpgradeInput, crds: CrdChanges) {
  const env = yield* operatorEnvironment(input, givenUpgradeFlags(input));
  yield* report({ _tag: "Interrupted", hints: showHints(env, yield* crdHints(crds, env)) });
});

const runUpgrade = Effect.fnUntraced(function* (input: UpgradeInput) {
  const options = yield* upgradeOptions(input);
  const identity = yield* readIdentity(input.identityFile);
  if (input.plan) return yield* runPlan(options, identity);
  const result = yield* upgrade(options, identity);
  return { options, result };
});

/** However it ends: said with what it did to the CRDs. */
const reportEnd = Effect.fnUntraced(function* (
  input: UpgradeInput,
  {
    exit,
    crds,
  }: EndOfRun<
    Effect.Success<ReturnType<typeof runUpgrade>>,
    Effect.Error<ReturnType<typeof runUpgrade>>
  >,
) {
  if (Exit.isSuccess(exit)) {
    if (exit.value === undefined) return;
    const { options, result } = exit.value;
    return yield* reportSuccess(input, options, result, crds);
  }
  const error = Exit.findErrorOption(exit);
  if (Option.isSome(error)) {
    if (error.value._tag === "RunFailed") return yield* error.value;
    return yield* reportFailure(input, error.value, crds);
  }
  if (Exit.hasInterrupts(exit)) yield* reportInterruption(input, crds);
  return yield* Effect.failCause(exit.cause);
});

const run = Effect.fn("tare.command.upgrade")(function* (input: UpgradeInput) {
  const end = yield* withCrdChanges(inOperatorShell(input)(runUpgrade(input)));
  yield* reportEnd(input, end);
  // What came of an interrupted run is said all the same.
}, Effect.uninterruptible);

export const upgradeCommand = Command.make("upgrade", { identityFile, ...upgradeFlags }, run).pipe(
  Command.withShortDescription("Upgrade an installed TARS data plane to the embedded version"),
  Command.withDescription(
    "Upgrade an installed TARS data plane to the version embedded in this binary, with zero downtime when it is HA.",
  ),
  Command.annotate(HelpExtrasOf, {
    exitCodes: UPGRADE_EXIT_CODES,
    environment: UPGRADE_ENVIRONMENT,
    flags: UPGRADE_FLAGS,
  }),
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
