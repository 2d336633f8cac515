import { createInterface } from "node:readline";
import { Effect, type Option } from "effect";
import { visibleText } from "../../domain/text/visible.ts";

const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** On stderr, so that stdout can be piped. Nothing where there is no terminal. */
export const askYesOrNo = (question: string): Effect.Effect<Option.Option<boolean>> =>
  Effect.suspend(() => (isTerminal() ? Effect.asSome(ask(question)) : Effect.succeedNone));

/** The same for a line that is typed; an end of the input is an empty one. */
export const askForLine = (question: string): Effect.Effect<Option.Option<string>> =>
  Effect.suspend(() =>
    isTerminal() ? Effect.asSome(askLine(`${visibleText(question)} `)) : Effect.succeedNone,
  );

const ask = (question: string): Effect.Effect<boolean> =>
  Effect.map(askLine(`${visibleText(question)} [y/N] `), (answer) => /^y(es)?$/i.test(answer));

const askLine = (question: string): Effect.Effect<string> =>
  Effect.callback<string>((resume) => {
    // Not in raw mode, so that a Ctrl-C stays a signal.
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: false,
    });
    lines.once("close", () => resume(Effect.succeed("")));
    lines.question(question, (answer) => {
      resume(Effect.succeed(answer.trim()));
      lines.close();
    });
    return Effect.sync(() => lines.close());
  });
