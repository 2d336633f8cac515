import { isSea } from "node:sea";
import { Effect, Exit, type Layer, Option } from "effect";
import { Command } from "effect/cli";
import { type Hint, helm, hint, kubectl } from "../../domain/hints/hint.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import { planHasChanges } from "../../domain/plan/upgrade-plan.ts";
import { type InstallOutcome, install, syncForInstall } from "../../operations/install.ts";
import { installCrds, installValuesForHelm } from "../../operations/install-for-helm.ts";
import { planInstall } from "../../operations/plan-install.ts";
import { type CrdChanges, type EndOfRun, withCrdChanges } from "../../phases/crds/changes.ts";
import { showHints } from "../../render/hints/hints.ts";
import type { ManagementPlane } from "../../services/events/ManagementPlane.ts";
import { report } from "../../services/report/Reporter.ts";
import { stepsAfterCrds, stepsAfterValues } from "../../words/install/plain-helm.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { INSTALL_FLAGS, installFlags } from "../flags/install-flags.ts";
import {
  givenInstallFlags,
  type InstallInput,
  installMode,
  installOptions,
} from "../flags/install-input.ts";
import { identityFile } from "../flags/shared-flags.ts";
import { INSTALL_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { RunFailed } from "../RunFailed.ts";
import { printValues, writeValues } from "../values-output.ts";
import { crdHints, wayBack } from "./crd-hints.ts";
import { INSTALL_EXIT_CODES } from "./exit-codes.ts";

const closingHints = ({ release, dataplaneNamespace }: InstallOptions): ReadonlyArray<Hint> => [
  hint(
    "Inspect:",
    kubectl("get", "pods", "-n", release.namespace),
    kubectl("get", "pods", "-n", dataplaneNamespace),
  ),
  hint("Its history:", helm("history", release.name, "-n", release.namespace)),
];

const environmentOf = (input: InstallInput) =>
  Effect.map(operatorEnvironment(input, givenInstallFlags(input)), (env) => ({
    ...env,
    command: "install" as const,
  }));

const reportSuccess = Effect.fnUntraced(function* (
  input: InstallInput,
  options: InstallOptions,
  result: Extract<InstallOutcome, { readonly _tag: "Installed" }>,
  crds: CrdChanges,
) {
  const env = yield* environmentOf(input);
  const { revision, notes, fromVersion, toVersion } = result;
  if (notes !== undefined) yield* report({ _tag: "ChartNotes", revision, notes });
  const hints = showHints(env, [...closingHints(options), ...(yield* wayBack(crds, env))]);
  yield* report({
    _tag: "Completed",
    operation: "install",
    revision,
    fromVersion,
    toVersion,
    hints,
  });
});

type PlaneOf = (identity: Identity) => Layer.Layer<ManagementPlane>;

const CHANGES = 3;

const runPlan = Effect.fnUntraced(function* (options: InstallOptions, identity: Identity) {
  const planned = yield* planInstall(options, identity);
  if (planHasChanges(planned)) return yield* new RunFailed({ exitCode: CHANGES });
});

/** A program that is one file lends Helm a folder that goes with it: the operator has the chart from elsewhere. */
const chartWord = ({ chart }: InstallOptions, directory: string): string => {
  if (chart._tag === "Local") return chart.path;
  if (chart._tag === "Remote") return chart.url;
  return isSea() ? "CHART" : directory;
};

const VALUES_FILE = "values.yaml";

const runForHelm = Effect.fnUntraced(function* (
  input: InstallInput,
  options: InstallOptions,
  identity: Identity,
  mode: "values" | "crds",
) {
  const make = mode === "values" ? installValuesForHelm : installCrds;
  const ready = yield* make(options, identity);
  const file = Option.getOrUndefined(input.valuesOut);
  if (file !== undefined) yield* writeValues(file, ready.values);
  if (input.printValues) yield* printValues(ready.values);
  const env = yield* environmentOf(input);
  const steps = (mode === "values" ? stepsAfterValues : stepsAfterCrds)({
    options,
    version: ready.version,
    chart: chartWord(options, ready.chart.directory),
    valuesFile: file ?? VALUES_FILE,
    identityFile: env.identityFile,
    isFirst: ready.isFirst,
    hasPullSecret: ready.hasPullSecret,
  });
  yield* report({ _tag: "ReadyForHelm", valuesFile: file, hints: showHints(env, steps) });
});

const runInstall = Effect.fnUntraced(function* (input: InstallInput, plane: PlaneOf) {
  const mode = yield* installMode(input);
  const options = yield* installOptions(input);
  const identity = yield* readIdentity(input.identityFile);
  switch (mode) {
    case "plan":
      return yield* runPlan(options, identity);
    case "values":
    case "crds":
      return yield* runForHelm(input, options, identity, mode);
    case "sync":
      yield* syncForInstall(options);
      return undefined;
    case "install":
      return {
        options,
        result: yield* Effect.provide(install(options, identity), plane(identity)),
      };
  }
});

/** However it ends: said with what it did to the CRDs. */
const reportEnd = Effect.fnUntraced(function* (
  input: InstallInput,
  {
    exit,
    crds,
  }: EndOfRun<
    Effect.Success<ReturnType<typeof runInstall>>,
    Effect.Error<ReturnType<typeof runInstall>>
  >,
) {
  if (Exit.isSuccess(exit)) {
    // What there was to tell has been told.
    if (exit.value === undefined) return;
    const { options, result } = exit.value;
    // That there was nothing to do has been said.
    if (result._tag === "Unchanged") return;
    return yield* reportSuccess(input, options, result, crds);
  }
  const env = yield* environmentOf(input);
  const ofCrds = yield* crdHints(crds, env);
  const error = Exit.findErrorOption(exit);
  if (Option.isSome(error)) {
    if (error.value._tag === "RunFailed") return yield* error.value;
    return yield* reportOperatorError(error.value, env, ofCrds);
  }
  if (Exit.hasInterrupts(exit)) {
    yield* report({ _tag: "Interrupted", hints: showHints(env, ofCrds) });
  }
  return yield* Effect.failCause(exit.cause);
});

const run = (plane: PlaneOf) =>
  Effect.fn("tare.command.install")(function* (input: InstallInput) {
    const end = yield* withCrdChanges(inOperatorShell(input)(runInstall(input, plane)));
    yield* reportEnd(input, end);
    // What came of an interrupted run is said all the same.
  }, Effect.uninterruptible);

export const installCommand = (plane: PlaneOf) =>
  Command.make("install", { identityFile, ...installFlags }, run(plane)).pipe(
    Command.withShortDescription("Install a TARS data plane, or change the values of one"),
    Command.withDescription(
      "Install the version embedded in this binary. Run again, it keeps every value that the release has, puts the flags on top, and does nothing where nothing would change.",
    ),
    Command.annotate(HelpExtrasOf, {
      exitCodes: INSTALL_EXIT_CODES,
      environment: INSTALL_ENVIRONMENT,
      flags: INSTALL_FLAGS,
    }),
    Command.withExamples([
      { command: "tare install identity.json", description: "First installation, with a question" },
      { command: "tare install identity.json --plan", description: "See first what it would do" },
      { command: "tare install identity.json --yes", description: "The same in a pipeline" },
      {
        command: "tare install identity.json --image-pull-secret @dockerconfig.json",
        description: "Pull the images with these credentials",
      },
      {
        command: "tare install identity.json --image-sync registry.example.com/tars --sync-only",
        description: "Bring the images to a registry of your own, and do nothing else",
      },
    ]),
  );
