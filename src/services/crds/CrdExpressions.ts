import { Context, Effect } from "effect";
import type { Matches } from "../../domain/crds/schema.ts";

/**
 * How expressions of CRDs are tried, with a new budget each time it is asked for. What does that is loaded on first use: it takes
 * longer than some commands take in all.
 */
export const CrdExpressions = Context.Reference<Effect.Effect<Matches>>("tare/CrdExpressions", {
  defaultValue: () =>
    Effect.map(
      Effect.promise(() => import("../../domain/crds/patterns.ts")),
      ({ withinBudget }) => withinBudget(),
    ),
});
