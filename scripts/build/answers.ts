/** Asks the command line itself, once for every build: its help texts are the program's, not a copy. */
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Console, Effect, Layer } from "effect";
import { Command } from "effect/cli";
import type { Answers } from "../../src/answers.ts";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { tareCommand } from "../../src/cli/tare.ts";
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

const questions: ReadonlyArray<ReadonlyArray<string>> = [
  ["--version"],
  ...pathsOf(command).flatMap((path) => ["--help", "-h"].map((flag) => [...path, flag])),
];

/** What the program prints on stdout when it is run with `args`. */
export const ask = Effect.fnUntraced(function* (args: ReadonlyArray<string>, colours: boolean) {
  const lines: Array<string> = [];
  const log = (...words: ReadonlyArray<unknown>) => {
    lines.push(words.map(String).join(" "));
  };
  yield* Command.runWith(command, { version: CLI_VERSION })(args).pipe(
    Effect.ignore,
    Effect.provideService(Console.Console, { ...console, log }),
    Effect.provide([NodeServices.layer, layerPresentation(colours)]),
  );
  return `${lines.join("\n")}\n`;
});

const askAll = (colours: boolean) =>
  Effect.map(
    Effect.forEach(questions, (args) =>
      Effect.map(ask(args, colours), (text) => [args.join(" "), text] as const),
    ),
    (pairs): Readonly<Record<string, string>> => Object.fromEntries(pairs),
  );

export const answersAhead: Effect.Effect<Answers> = Effect.gen(function* () {
  return { plain: yield* askAll(false), coloured: yield* askAll(true) };
});
