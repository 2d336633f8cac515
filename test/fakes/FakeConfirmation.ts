import { Context, Effect, Layer, Ref } from "effect";
import { Confirmation } from "../../src/services/run/Confirmation.ts";

/** Somebody at a terminal, once a test has put somebody there. */
export class FakeConfirmation extends Context.Service<
  FakeConfirmation,
  {
    readonly answerWith: (answer: boolean) => Effect.Effect<void>;
    readonly questions: Effect.Effect<ReadonlyArray<string>>;
  }
>()("tare/testing/FakeConfirmation") {
  static readonly layer: Layer.Layer<FakeConfirmation | Confirmation> = Layer.effectContext(
    Effect.gen(function* () {
      const answer = yield* Ref.make<boolean | undefined>(undefined);
      const questions = yield* Ref.make<ReadonlyArray<string>>([]);
      const fake = FakeConfirmation.of({
        answerWith: (next) => Ref.set(answer, next),
        questions: Ref.get(questions),
      });
      const confirmation = Confirmation.of({
        ask: Effect.fnUntraced(function* (question) {
          const known = yield* Ref.get(answer);
          if (known === undefined) return false;
          yield* Ref.update(questions, (asked) => [...asked, question]);
          return known;
        }),
      });
      return Context.make(FakeConfirmation, fake).pipe(Context.add(Confirmation, confirmation));
    }),
  );
}
