import { Context, Effect, Layer, Ref } from "effect";
import { Prompts, type Question, type WantedValue } from "../../src/services/run/Prompts.ts";

interface Answers {
  readonly confirm: boolean;
  /** By the flag that would have given it. */
  readonly values?: Readonly<Record<string, string>>;
}

/** An operator at a terminal, once a test has put one there. */
export class FakePrompts extends Context.Service<
  FakePrompts,
  {
    readonly answerWith: (answers: Answers) => Effect.Effect<void>;
    readonly asked: Effect.Effect<ReadonlyArray<Question | WantedValue>>;
  }
>()("tare/testing/FakePrompts") {
  static readonly layer: Layer.Layer<FakePrompts | Prompts> = Layer.effectContext(
    Effect.gen(function* () {
      const answers = yield* Ref.make<Answers | undefined>(undefined);
      const asked = yield* Ref.make<ReadonlyArray<Question | WantedValue>>([]);
      const note = (question: Question | WantedValue) =>
        Ref.update(asked, (before) => [...before, question]);
      const fake = FakePrompts.of({
        answerWith: (next) => Ref.set(answers, next),
        asked: Ref.get(asked),
      });
      const prompts = Prompts.of({
        isAttended: Effect.map(Ref.get(answers), (known) => known !== undefined),
        confirm: Effect.fnUntraced(function* (question) {
          const known = yield* Ref.get(answers);
          if (known === undefined) return false;
          yield* note(question);
          return known.confirm;
        }),
        value: Effect.fnUntraced(function* (wanted) {
          const known = yield* Ref.get(answers);
          yield* note(wanted);
          return known?.values?.[wanted.flag] ?? "";
        }),
      });
      return Context.make(FakePrompts, fake).pipe(Context.add(Prompts, prompts));
    }),
  );
}
