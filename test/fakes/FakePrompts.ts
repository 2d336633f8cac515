import { Context, Effect, Layer, Option, Ref } from "effect";
import type { MissingValue } from "../../src/domain/install/values.ts";
import type { Question, TypedQuestion } from "../../src/domain/run/question.ts";
import { Prompts } from "../../src/services/run/Prompts.ts";

interface Answers {
  readonly confirm: boolean;
  readonly typed?: string;
  /** By the flag that would have given it. */
  readonly values?: Readonly<Record<string, string>>;
}

type Asked = Question | TypedQuestion | MissingValue;

/** An operator at a terminal, once a test has put one there. */
export class FakePrompts extends Context.Service<
  FakePrompts,
  {
    readonly answerWith: (answers: Answers) => Effect.Effect<void>;
    readonly asked: Effect.Effect<ReadonlyArray<Asked>>;
  }
>()("tare/testing/FakePrompts") {
  static readonly layer: Layer.Layer<FakePrompts | Prompts> = Layer.effectContext(
    Effect.gen(function* () {
      const answers = yield* Ref.make(Option.none<Answers>());
      const asked = yield* Ref.make<ReadonlyArray<Asked>>([]);
      const answered = <A>(question: Asked, answer: (answers: Answers) => A) =>
        Effect.flatMap(
          Ref.get(answers),
          Option.match({
            onNone: () => Effect.succeedNone,
            onSome: (known) =>
              Effect.as(
                Ref.update(asked, (before) => [...before, question]),
                Option.some(answer(known)),
              ),
          }),
        );
      const fake = FakePrompts.of({
        answerWith: (next) => Ref.set(answers, Option.some(next)),
        asked: Ref.get(asked),
      });
      const prompts = Prompts.of({
        confirm: (question) => answered(question, ({ confirm }) => confirm),
        typed: (question) => answered(question, ({ typed }) => typed ?? ""),
        value: (missing) => answered(missing, ({ values }) => values?.[missing.flag] ?? ""),
      });
      return Context.make(FakePrompts, fake).pipe(Context.add(Prompts, prompts));
    }),
  );
}
