import type { Effect, Scope } from "effect";
import type { Dice } from "../../simulation/dice.ts";
import type { Met } from "../met.ts";

/** One kind of what others supply. */
export interface Kind {
  readonly name: string;
  /** One is drawn, and read by everything of ours that reads such. */
  readonly meet: (dice: Dice) => Effect.Effect<Met, never, Scope.Scope>;
}
