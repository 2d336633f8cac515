import { Effect, Exit, type Layer, Option } from "effect";
import { Command } from "effect/cli";
import { again, type Hint, hint, kubectl } from "../../domain/hints/hint.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import type { Remains } from "../../domain/uninstall/outcome.ts";
import { type UninstallOutcome, uninstall } from "../../operations/uninstall.ts";
import { showHints } from "../../render/hints/hints.ts";
import type { ManagementPlane } from "../../services/events/ManagementPlane.ts";
import { report } from "../../services/report/Reporter.ts";
import { readIdentity } from "../flags/identity-file.ts";
import { identityFile } from "../flags/shared-flags.ts";
import { UNINSTALL_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { inOperatorShell, operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { UNINSTALL_EXIT_CODES } from "./exit-codes.ts";
import {
  givenUninstallFlags,
  UNINSTALL_FLAGS,
  type UninstallInput,
  uninstallFlags,
  uninstallOptions,
} from "./uninstall-input.ts";

const environmentOf = (input: UninstallInput) =>
  Effect.map(operatorEnvironment(input, givenUninstallFlags(input)), (env) => ({
    ...env,
    command: "uninstall" as const,
  }));

const REMEDIED: ReadonlySet<string> = new Set(["Foreign", "NotOurs"]);

/** Only for what was left for a reason that the operator can take away. */
const closingHints = ({ namespaces }: Remains): ReadonlyArray<Hint> =>
  namespaces.flatMap(({ name, verdict }) => {
    const why = verdict._tag === "Stays" ? verdict.why._tag : "Asked";
    if (why === "EventsWait") {
      return [
        hint("Once the management plane answers, this sends them and removes the rest:", again),
      ];
    }
    return REMEDIED.has(why)
      ? [hint(`See what is in ${name}:`, kubectl("get", "all", "-n", name))]
      : [];
  });

const reportResult = Effect.fnUntraced(function* (input: UninstallInput, result: UninstallOutcome) {
  if (result._tag === "Planned") return;
  const { remains } = result;
  const env = yield* environmentOf(input);
  yield* report({
    _tag: "Uninstalled",
    release: { name: input.releaseName, namespace: input.systemNamespace },
    isUnchanged: result._tag === "Nothing",
    remains,
    hints: showHints(env, closingHints(remains)),
  });
});

const runUninstall = (plane: (identity: Identity) => Layer.Layer<ManagementPlane>) =>
  Effect.fnUntraced(function* (input: UninstallInput) {
    const identity = yield* readIdentity(input.identityFile);
    return yield* Effect.provide(uninstall(uninstallOptions(input), identity), plane(identity));
  });

export const uninstallCommand = (plane: (identity: Identity) => Layer.Layer<ManagementPlane>) =>
  Command.make(
    "uninstall",
    { identityFile, ...uninstallFlags },
    Effect.fn("tare.command.uninstall")(function* (input) {
      const exit = yield* Effect.exit(inOperatorShell(input)(runUninstall(plane)(input)));
      if (Exit.isSuccess(exit)) return yield* reportResult(input, exit.value);
      const env = yield* environmentOf(input);
      const error = Exit.findErrorOption(exit);
      if (Option.isSome(error)) return yield* reportOperatorError(error.value, env);
      if (Exit.hasInterrupts(exit)) {
        const hints = showHints(env, [{ again: true }]);
        yield* report({ _tag: "Interrupted", isHalfDone: true, hints });
      }
      return yield* Effect.failCause(exit.cause);
      // What came of an interrupted run is said all the same.
    }, Effect.uninterruptible),
  ).pipe(
    Command.withShortDescription("Uninstall a TARS data plane, and what was made for it"),
    Command.withDescription(
      "Uninstall the release: its objects, and the namespaces and CRDs that only it uses. Run it again to finish one that was stopped.",
    ),
    Command.annotate(HelpExtrasOf, {
      exitCodes: UNINSTALL_EXIT_CODES,
      environment: UNINSTALL_ENVIRONMENT,
      flags: UNINSTALL_FLAGS,
    }),
    Command.withExamples([
      { command: "tare uninstall identity.json", description: "Ask first, on a terminal" },
      { command: "tare uninstall identity.json --dry-run", description: "What would be deleted" },
      { command: "tare uninstall identity.json --yes", description: "The same in a pipeline" },
    ]),
  );
