import { Effect, Option } from "effect";
import { Command, Flag } from "effect/cli";
import { HISTORY } from "../../domain/run/operation.ts";
import { visibleData } from "../../domain/text/visible.ts";
import { history } from "../../operations/history.ts";
import { deathNotes, historyLines } from "../../render/text/history.ts";
import { printLine } from "../../render/text/print.ts";
import { flagsOf, givenFlags, optional } from "../flags/declared-flag.ts";
import { outputFlag } from "../flags/output.ts";
import { clusterFlags, RELEASE_FLAGS, releaseFlags, releaseWords } from "../flags/shared-flags.ts";
import { HISTORY_ENVIRONMENT } from "../help/environment.ts";
import { HelpExtrasOf } from "../help/help-extras.ts";
import { operatorEnvironment } from "../operator-environment.ts";
import { reportOperatorError } from "../operator-failure.ts";
import { HISTORY_EXIT_CODES } from "./exit-codes.ts";

/** In hints: this command is not given one. */
const IDENTITY_FILE = "identity.json";

const HISTORY_FLAGS = {
  max: optional(
    "max",
    Flag.Int("max").pipe(
      Flag.filter(
        (rows) => rows >= 1,
        () => "a number of rows, 1 or more",
      ),
    ),
    { help: "Show no more rows than that, the newest ones", preset: "all", metavar: "ROWS" },
  ),
};

export const historyCommand = Command.make(
  "history",
  { ...flagsOf(HISTORY_FLAGS), output: outputFlag, ...clusterFlags, ...releaseFlags },
  Effect.fn("tare.command.history")(function* (input) {
    const release = { name: input.releaseName, namespace: input.systemNamespace };
    const rows = yield* Effect.catch(
      history(release, { max: Option.getOrUndefined(input.max) }),
      Effect.fnUntraced(function* (error) {
        const env = yield* operatorEnvironment({ ...input, identityFile: IDENTITY_FILE });
        const words = givenFlags(HISTORY_FLAGS, input).flatMap((flag) => flag.words);
        const ran = { operation: HISTORY, words: [...words, ...releaseWords(input)] };
        return yield* reportOperatorError(error, { ...env, ran });
      }),
    );
    if (input.output === "json") return;
    const shown = visibleData(rows);
    for (const line of [...historyLines(shown), ...deathNotes(shown)]) yield* printLine(line);
  }, Effect.interruptible),
).pipe(
  Command.withShortDescription("Show the deployment history of the release"),
  Command.withDescription(
    "Show one timeline of what Helm recorded and what was reported: revision, operation, status, versions, when, how long, and why it failed. It only reads, and needs no helm.",
  ),
  Command.annotate(HelpExtrasOf, {
    exitCodes: HISTORY_EXIT_CODES,
    environment: HISTORY_ENVIRONMENT,
    flags: { ...HISTORY_FLAGS, ...RELEASE_FLAGS },
  }),
);
