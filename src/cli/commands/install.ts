import { Effect, Exit, Option } from "effect";
import { Command } from "effect/cli";
import { type Hint, helm, hint, kubectl } from "../../domain/hints/hint.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import { type InstallOutcome, install } from "../../operations/install.ts";
import { type CrdChanges, type EndOfRun, withCrdChanges } from "../../phases/crds/changes.ts";
import { showHints } from "../../render/hints/hints.ts";
import { report } from "../../services/report/Reporter.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { INSTALL_FLAGS, installFlags } from "../flags/install-flags.ts";
import { givenInstallFlags, type InstallInput, installOptions } from "../flags/install-input.ts";
import { identityFile } from "../flags/shared-flags.ts";
import { INSTALL_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
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

const runInstall = Effect.fnUntraced(function* (input: InstallInput) {
  const options = yield* installOptions(input);
  const identity = yield* readIdentity(input.identityFile);
  return { options, result: yield* install(options, identity) };
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
    const { options, result } = exit.value;
    // That there was nothing to do has been said.
    if (result._tag === "Unchanged") return;
    return yield* reportSuccess(input, options, result, crds);
  }
  const env = yield* environmentOf(input);
  const ofCrds = yield* crdHints(crds, env);
  const error = Exit.findErrorOption(exit);
  if (Option.isSome(error)) return yield* reportOperatorError(error.value, env, ofCrds);
  if (Exit.hasInterrupts(exit)) {
    yield* report({ _tag: "Interrupted", hints: showHints(env, ofCrds) });
  }
  return yield* Effect.failCause(exit.cause);
});

const run = Effect.fn("tare.command.install")(function* (input: InstallInput) {
  const end = yield* withCrdChanges(inOperatorShell(input)(runInstall(input)));
  yield* reportEnd(input, end);
  // What came of an interrupted run is said all the same.
}, Effect.uninterruptible);

export const installCommand = Command.make("install", { identityFile, ...installFlags }, run).pipe(
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
    { command: "tare install identity.json --yes", description: "The same in a pipeline" },
    {
      command: "tare install identity.json --image-pull-secret @dockerconfig.json",
      description: "Pull the images with these credentials",
    },
  ]),
);
