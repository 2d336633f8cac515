import { createInterface } from "node:readline";
import { Effect, type Option } from "effect";
import { visibleText } from "../../domain/text/visible.ts";

const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** On stderr, so that stdout can be piped. Nothing where there is no terminal. */
export const askYesOrNo = (question: string): Effect.Effect<Option.Option<boolean>> =>
  Effect.suspend(() => (isTerminal() ? Effect.asSome(ask(question)) : Effect.succeedNone));

const ask = (question: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    // Not in raw mode, so that a Ctrl-C stays a signal.
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: false,
    });
    lines.once("close", () => resume(Effect.succeed(false)));
    lines.question(`${visibleText(question)} [y/N] `, (answer) => {
      resume(Effect.succeed(/^y(es)?$/i.test(answer.trim())));
      lines.close();
    });
    return Effect.sync(() => lines.close());
  });
