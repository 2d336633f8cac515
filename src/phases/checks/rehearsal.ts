/** Everything that is known before the first write, asked and judged alike by the upgrade and by its plan. */
import { Effect } from "effect";
import { checkObjects } from "./rehearsal/object-checks.ts";
import { type ObjectChecksInput, rehearseObjects } from "./rehearsal/rehearse-objects.ts";
import { releaseChecks } from "./release-checks.ts";

/** Fails with what stands in the way; nothing where the chart does not render, which ends the run by itself. */
export const rehearsal = Effect.fn("tare.rehearsal")(function* (input: ObjectChecksInput) {
  yield* releaseChecks(input);
  const objects = yield* rehearseObjects(input);
  if (objects !== undefined) yield* checkObjects(input, objects);
  return objects;
});
