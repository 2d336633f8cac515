import { Effect, type FileSystem, Layer, type Path, type Terminal } from "effect";
import { Prompt } from "effect/cli";
import type { MissingValue } from "../domain/install/values.ts";
import { visibleText } from "../domain/text/visible.ts";
import { askForLine, askYesOrNo } from "../render/text/yes-or-no.ts";
import { Prompts } from "../services/run/Prompts.ts";
import { describeQuestion, describeTypedQuestion } from "../words/run/questions.ts";

/** Values are prompted for on stdout: in a file or a pipe, the operator would not see what is asked. */
const isTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

const promptFor = ({ flag, path }: MissingValue) =>
  Prompt.String({
    message: visibleText(`${flag} (${path})`),
    validate: (text) =>
      text.trim() === "" ? Effect.fail("a value is needed") : Effect.succeed(text.trim()),
  });

/** A prompt has the terminal to itself, so that a Ctrl-C comes as a key and not as a signal. */
export const layerPromptsTerminal: Layer.Layer<
  Prompts,
  never,
  FileSystem.FileSystem | Path.Path | Terminal.Terminal
> = Layer.effect(
  Prompts,
  Effect.gen(function* () {
    const context = yield* Effect.context<Prompt.Environment>();
    const ask = (missing: MissingValue): Effect.Effect<string> =>
      Prompt.run(promptFor(missing)).pipe(
        Effect.provideContext(context),
        Effect.catchTag("QuitError", () => Effect.interrupt),
      );
    return Prompts.of({
      confirm: (question) => askYesOrNo(describeQuestion(question)),
      typed: (question) => askForLine(describeTypedQuestion(question)),
      value: (missing) =>
        Effect.suspend(() => (isTerminal() ? Effect.asSome(ask(missing)) : Effect.succeedNone)),
    });
  }),
);
