/** The namespaces that are the release's own, and in those that stay what is the release's. */
import { Duration, Effect, Option } from "effect";
import { Namespace, type ObjectRef } from "../../domain/kube/objects.ts";
import { isCustom, isGoing } from "../../domain/uninstall/found.ts";
import type { Held } from "../../domain/uninstall/outcome.ts";
import {
  type FoundNamespace,
  leftovers,
  namespacePlan,
  type UninstallPlan,
} from "../../domain/uninstall/plan.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { report } from "../../services/report/Reporter.ts";
import type { PhaseInput } from "./custom-resources.ts";
import { awaitGone, deleteAll, deleteObject, orFailed, patiently } from "./delete.ts";
import { readNamespaces, readTypes } from "./inventory.ts";

/** What is in a namespace takes a request for each kind there is. */
const CONTENTS_EVERY = 5;

const refOfNamespace = (name: string): ObjectRef => ({ type: Namespace, name });

/** What is still in it; nothing of one that has gone. */
const heldIn = Effect.fnUntraced(function* ({ name }: { readonly name: string }) {
  const kubectl = yield* Kubectl;
  const live = yield* patiently(kubectl.get(refOfNamespace(name)));
  return Option.isSome(live) ? [{ object: refOfNamespace(name), finalizers: [] }] : [];
});

export const standing = (namespaces: ReadonlyArray<{ readonly name: string }>) =>
  Effect.map(Effect.forEach(namespaces, heldIn), (held): ReadonlyArray<Held> => held.flat());

/** Custom resources with finalizers, whose controllers have gone, are all that is left in them. */
const isHeldAlone = (namespaces: ReadonlyArray<FoundNamespace>): boolean => {
  const left = namespaces.flatMap(({ live, objects }) => (live === undefined ? [] : objects));
  const held = left.filter(
    (found) =>
      isCustom(found.ref.type) &&
      isGoing(found) &&
      (found.object.metadata.finalizers ?? []).length > 0,
  );
  const pods = left.filter(({ ref }) => ref.type.plural === "pods");
  return held.length > 0 && pods.length === 0;
};

const isLeaving = ({ verdict }: UninstallPlan["namespaces"][number]): boolean =>
  verdict._tag === "Delete" || verdict._tag === "Going";

export interface NamespacesInput extends PhaseInput {
  /** How many events the management plane has not taken. */
  readonly waiting: number;
}

export const deleteNamespaces = {
  id: "delete-namespaces",
  title: "Namespaces",
  run: Effect.fnUntraced(function* ({ options, lock, waiting }: NamespacesInput) {
    const { release, timeout } = options;
    const known = orFailed(release);
    const types = yield* Effect.mapError(readTypes, known);
    const read = Effect.mapError(readNamespaces(options, types), known);
    const found = yield* read;
    const plan = namespacePlan(found, options, waiting);
    const leaving = plan.filter(isLeaving);
    const staying = found.filter(({ name }) => !leaving.some((one) => one.name === name));
    const rest = leftovers({ marked: [], namespaces: staying }, options);
    const objects = yield* Effect.catchTag(deleteAll(rest, lock), "KubectlError", known);
    if (objects.length > 0) yield* report({ _tag: "ObjectsDeleted", what: "objects", objects });
    const doomed = leaving.flatMap(({ name, verdict }) =>
      verdict._tag === "Delete" ? [refOfNamespace(name)] : [],
    );
    yield* Effect.forEach(doomed, (ref) =>
      Effect.catchTag(deleteObject(ref, lock), "KubectlError", known),
    );
    if (doomed.length > 0) {
      yield* report({ _tag: "ObjectsDeleted", what: "namespaces", objects: doomed });
    }
    let looks = 0;
    const goingOn = Effect.gen(function* () {
      const left = yield* standing(leaving);
      looks += 1;
      if (left.length === 0 || looks % CONTENTS_EVERY !== 0) return left;
      const isOver = isHeldAlone(yield* readNamespaces(options, types));
      return isOver ? [] : left;
    });
    // Proxies serve their open connections until their drain is over.
    yield* Effect.mapError(awaitGone(goingOn, Duration.max(timeout, Duration.seconds(1))), known);
    return plan;
  }),
};
