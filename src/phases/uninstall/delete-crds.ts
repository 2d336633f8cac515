/** The CRDs that tare wrote, where nobody else uses them. */
import { Effect } from "effect";
import { CustomResourceDefinition, type ObjectRef } from "../../domain/kube/objects.ts";
import { crdPlan } from "../../domain/uninstall/plan.ts";
import { report } from "../../services/report/Reporter.ts";
import { readCrds } from "../crds/apply-crds.ts";
import type { PhaseInput } from "./custom-resources.ts";
import { awaitGone, deleteObject, failed, orFailed, present } from "./delete.ts";
import { readCustomResources, readElsewhere, readTypes } from "./inventory.ts";

/** Read right before: what somebody has made of a kind since would go with it. */
const readPlan = Effect.fnUntraced(function* ({ options }: PhaseInput) {
  const types = yield* readTypes;
  const found = yield* Effect.all(
    {
      customResources: readCustomResources(types),
      crds: readCrds,
      elsewhere: readElsewhere(options.release),
    },
    { concurrency: "unbounded" },
  );
  return { plan: crdPlan(found, options), elsewhere: found.elsewhere };
});

export const deleteCrds = {
  id: "delete-crds",
  title: "CRDs",
  run: Effect.fnUntraced(function* (input: PhaseInput) {
    const { options, lock } = input;
    const { release, timeout } = options;
    const known = orFailed(release);
    const { plan, elsewhere } = yield* Effect.mapError(readPlan(input), known);
    const objects = plan.flatMap(
      ({ name, verdict }): ReadonlyArray<ObjectRef> =>
        verdict._tag === "Delete" ? [{ type: CustomResourceDefinition, name }] : [],
    );
    yield* Effect.forEach(objects, (ref) =>
      Effect.catchTag(deleteObject(ref, lock), "KubectlError", known),
    );
    const left = yield* Effect.mapError(awaitGone(present(objects), timeout), known);
    if (left.length > 0) return yield* failed(release, { _tag: "ObjectsLeft", objects: left });
    if (objects.length > 0) yield* report({ _tag: "ObjectsDeleted", what: "crds", objects });
    return { crds: plan, elsewhere };
  }),
};
