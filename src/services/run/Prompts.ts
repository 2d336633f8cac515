import { Context, type Effect, type Option } from "effect";
import type { MissingValue } from "../../domain/install/values.ts";
import type { Question, TypedQuestion } from "../../domain/run/question.ts";

/**
 * An operator at a terminal. Every answer is nothing where there is no terminal to ask on. Interruptible; a Ctrl-C in a
 * question interrupts.
 */
export class Prompts extends Context.Service<
  Prompts,
  {
    readonly confirm: (question: Question) => Effect.Effect<Option.Option<boolean>>;
    /** What was typed, to be compared with what was asked for. */
    readonly typed: (question: TypedQuestion) => Effect.Effect<Option.Option<string>>;
    /** A text that is not empty. */
    readonly value: (missing: MissingValue) => Effect.Effect<Option.Option<string>>;
  }
>()("tare/services/Prompts") {}
