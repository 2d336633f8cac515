/** What stops the run once every object was rehearsed, and which fields others own. */
import { Effect, Redacted } from "effect";
import { isAskedFor, keepingValues, type ReachChange } from "../../../domain/checks/reach.ts";
import { shownWhole } from "../../../domain/fields/shown-value.ts";
import { getPath } from "../../../domain/kube/json.ts";
import { keepFlagFor } from "../../../domain/values/lost-values.ts";
import { FieldsOwnedByOthers, ReachWouldChange } from "../../../errors.ts";
import { report } from "../../../services/report/Reporter.ts";
import { checkRefusals } from "./refusals.ts";
import type { ObjectChecksInput, RehearsedObjects } from "./rehearse-objects.ts";

/** The type of Redis is not rendered into one field: a hosted one would be left for an empty one in the cluster. */
const redisChange = ({ options, installed: { stored, values } }: ObjectChecksInput) => {
  const path = ["redis", "type"];
  const [before, after] = [stored, values].map(
    (some) => getPath(Redacted.value(some), path) ?? "cluster",
  );
  const change: ReachChange = {
    kind: "Redis",
    namespace: options.release.namespace,
    name: "tars-redis",
    path: path.join("."),
    before: before === undefined ? undefined : shownWhole(JSON.stringify(before)),
    after: after === undefined ? undefined : shownWhole(JSON.stringify(after)),
    keep: before === undefined ? undefined : { path, value: before },
  };
  return before === "hosted" && after !== before ? [change] : [];
};

const checkReach = Effect.fnUntraced(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  const { options, installed } = input;
  const files = Redacted.value(options.values);
  const changes = [...objects.reach, ...redisChange(input)].filter(
    (change) => !isAskedFor(change, files),
  );
  if (changes.length === 0 || options.allowReachChange) return;
  // What the operator once supplied comes back by its path, or its flag.
  const lost = changes.map(({ keep }) => keepFlagFor(installed.lost, keep?.path));
  const known = lost.flatMap((flag) => flag ?? []);
  return yield* new ReachWouldChange({
    changes,
    keepWith:
      known.length === changes.length ? [...new Set(known)].flatMap((one) => one.split(" ")) : [],
    values: keepingValues(changes),
  });
});

/** Fails with what would stop Helm half-way, or what the operator does not want changed. */
export const checkObjects = Effect.fn("tare.check.objects")(function* (
  input: ObjectChecksInput,
  objects: RehearsedObjects,
) {
  yield* checkRefusals(input, objects);
  yield* checkReach(input, objects);
  const { taken } = objects;
  if (taken.length === 0) return;
  if (input.options.onConflict === "refuse") return yield* new FieldsOwnedByOthers({ taken });
  yield* report({ _tag: "FieldsTaken", taken });
});
