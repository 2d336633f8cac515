import { Context, Effect, Layer } from "effect";
import type { ReleaseRef } from "../../domain/release/release.ts";

/** What an operator is asked; the words are the terminal's. */
export type Question =
  /** After the summary of what is going to be written. */
  | { readonly _tag: "Install"; readonly release: ReleaseRef }
  | {
      readonly _tag: "RemoveHusk";
      readonly release: ReleaseRef;
      readonly revision: number;
      readonly status: string;
    };

/** A value that nothing gives. */
export interface WantedValue {
  /** Of the chart. */
  readonly path: string;
  /** Without the dashes. */
  readonly flag: string;
}

/** An operator at a terminal, if there is one. Interruptible; a Ctrl-C in a question interrupts. */
export class Prompts extends Context.Service<
  Prompts,
  {
    /** Whether there is anybody to be asked. */
    readonly isAttended: Effect.Effect<boolean>;
    /** False when there is nobody. */
    readonly confirm: (question: Question) => Effect.Effect<boolean>;
    /** A text that is not empty. Dies where there is nobody: see `isAttended`. */
    readonly value: (wanted: WantedValue) => Effect.Effect<string>;
  }
>()("tare/services/Prompts") {
  static readonly layerNobody: Layer.Layer<Prompts> = Layer.succeed(
    Prompts,
    Prompts.of({
      isAttended: Effect.succeed(false),
      confirm: () => Effect.succeed(false),
      value: () => Effect.die(new Error("nobody is there to be asked")),
    }),
  );
}
