/** Asks the command line itself, once for every build: its help texts are the program's, not a copy. */
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Console, Effect, Layer } from "effect";
import { Command } from "effect/cli";
import type { Answers } from "../../src/answers.ts";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { tareCommand } from "../../src/cli/tare.ts";
import type { HelpPage } from "../../src/render/help/help-text.ts";
import { CLI_VERSION } from "../../src/version.ts";

interface CommandTree {
  readonly name: string;
  readonly subcommands: ReadonlyArray<{ readonly commands: ReadonlyArray<CommandTree> }>;
}

const pathsOf = ({ subcommands }: CommandTree): ReadonlyArray<ReadonlyArray<string>> => [
  [],
  ...subcommands.flatMap(({ commands }) =>
    commands.flatMap((one) => pathsOf(one).map((path) => [one.name, ...path])),
  ),
];

/** No question that is answered ahead needs a service. */
const command = tareCommand(
  () => Layer.effectContext(Effect.die(new Error("a question needed the cluster"))),
  () => Layer.effectContext(Effect.die(new Error("a question needed the tools"))),
  () => Layer.effectContext(Effect.die(new Error("a question needed the management plane"))),
);

const questions: ReadonlyArray<ReadonlyArray<string>> = pathsOf(command).flatMap((path) =>
  ["--help", "-h"].map((flag) => [...path, flag]),
);

/** What the program prints on stdout when it is run with `args`, with help as data. */
const ask = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const lines: Array<string> = [];
  const log = (...words: ReadonlyArray<unknown>) => {
    lines.push(words.map(String).join(" "));
  };
  yield* Command.runWith(command, { version: CLI_VERSION })(args).pipe(
    Effect.ignore,
    Effect.provideService(Console.Console, { ...console, log }),
    Effect.provide([NodeServices.layer, layerPresentation(false, undefined, JSON.stringify)]),
  );
  return `${lines.join("\n")}\n`;
});

export const answersAhead: Effect.Effect<Answers> = Effect.gen(function* () {
  const pages = yield* Effect.forEach(questions, (args) =>
    Effect.map(ask(args), (page) => [args.join(" "), JSON.parse(page) as HelpPage] as const),
  );
  return { version: yield* ask(["--version"]), pages: Object.fromEntries(pages) };
});
