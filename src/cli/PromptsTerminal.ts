import { Effect, type FileSystem, Layer, type Path, type Terminal } from "effect";
import { Prompt } from "effect/cli";
import { visibleText } from "../domain/text/visible.ts";
import { Prompts, type Question, type WantedValue } from "../services/run/Prompts.ts";

/** Prompts are drawn on stdout: into a file or a pipe, nobody would see what is asked. */
const isTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

const questionText = (question: Question): string => {
  const { name, namespace } = question.release;
  return question._tag === "Install"
    ? `Install release ${name} in ${namespace}?`
    : `Release ${name} is ${question.status} (revision ${question.revision}) and never worked. Remove what there is of it, then install?`;
};

const valueText = ({ flag, path }: WantedValue): string => `${flag} (${path})`;

/** A prompt has the terminal to itself, so that a Ctrl-C comes as a key and not as a signal. */
export const layerPromptsTerminal: Layer.Layer<
  Prompts,
  never,
  FileSystem.FileSystem | Path.Path | Terminal.Terminal
> = Layer.effect(
  Prompts,
  Effect.gen(function* () {
    const context = yield* Effect.context<Prompt.Environment>();
    const ask = <A>(prompt: Prompt.Prompt<A>): Effect.Effect<A> =>
      Prompt.run(prompt).pipe(
        Effect.provideContext(context),
        Effect.catchTag("QuitError", () => Effect.interrupt),
      );
    return Prompts.of({
      isAttended: Effect.sync(isTerminal),
      confirm: (question) =>
        isTerminal()
          ? ask(Prompt.Confirm({ message: visibleText(questionText(question)), initial: false }))
          : Effect.succeed(false),
      value: (wanted) =>
        ask(
          Prompt.String({
            message: visibleText(valueText(wanted)),
            validate: (text) =>
              text.trim() === "" ? Effect.fail("a value is needed") : Effect.succeed(text.trim()),
          }),
        ),
    });
  }),
);
