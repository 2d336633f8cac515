import { createInterface } from "node:readline";
import { Effect, Layer } from "effect";
import { visibleText } from "../../domain/text/visible.ts";
import { Confirmation } from "../../services/run/Confirmation.ts";

const isTerminal = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

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

export const layerConfirmationTerminal: Layer.Layer<Confirmation> = Layer.succeed(
  Confirmation,
  Confirmation.of({
    ask: (question) => (isTerminal() ? ask(question) : Effect.succeed(false)),
  }),
);
