/** What finalizers still hold once nobody is there who would take them away. */
import { Duration, Effect, Option } from "effect";
import { type ObjectRef, Pod } from "../../domain/kube/objects.ts";
import type { Place } from "../../domain/uninstall/found.ts";
import type { Held, UninstallTrouble } from "../../domain/uninstall/outcome.ts";
import { contentsOf } from "../../domain/uninstall/ownership.ts";
import { ownCustomResources, type UninstallPlan } from "../../domain/uninstall/plan.ts";
import type { RunSuperseded } from "../../errors.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { mayWrite } from "../helm/require-unchanged.ts";
import type { PhaseInput, Removed } from "./custom-resources.ts";
import { awaitGone, deleteAll, failed, orFailed, patiently, present } from "./delete.ts";
import { standing } from "./delete-namespaces.ts";
import { readCustomResources, readNamespaces, readTypes } from "./inventory.ts";

/** For a finalizer of somebody else's, whose controller runs on. */
const GRACE = Duration.seconds(10);

/** Pods of the release, of whatever kind: one of them may be a controller. */
const podsOf = Effect.fnUntraced(function* (place: Place) {
  const types = yield* readTypes;
  const namespaces = yield* readNamespaces(place, types);
  const beside = namespaces.filter(({ name }) => name === place.release.namespace);
  return beside.flatMap(({ objects }) => {
    const foreign = new Set(contentsOf(objects, place).foreign.map(({ ref }) => ref));
    return objects
      .filter(({ ref }) => ref.type.plural === Pod.plural && !foreign.has(ref))
      .map(({ ref }): Held => ({ object: ref, finalizers: [] }));
  });
});

/** Only while it is being deleted; what has been changed since it was looked at is read again. */
const freeObject = Effect.fnUntraced(function* (
  ref: ObjectRef,
  lock: HeldLock,
): Effect.fn.Return<void, KubectlError | RunSuperseded, Kubectl> {
  const kubectl = yield* Kubectl;
  const live = yield* patiently(kubectl.get(ref));
  if (Option.isNone(live) || live.value.metadata.deletionTimestamp === undefined) return;
  yield* mayWrite(lock);
  const { resourceVersion = "" } = live.value.metadata;
  const patch = { metadata: { resourceVersion, finalizers: null } };
  yield* Effect.catchIf(
    patiently(Effect.asVoid(kubectl.patch(ref, patch, { fieldManager: "tare" }))),
    ({ reason }) => reason === "NotServed",
    () => Effect.void,
  );
});

const isConflict = (error: KubectlError | RunSuperseded): boolean =>
  error._tag === "KubectlError" && error.reason === "Conflict";

export interface FinalizersInput extends PhaseInput {
  readonly namespaces: UninstallPlan["namespaces"];
}

/**
 * Deletes what is left of the release's custom resources, and takes finalizers away once no pod is left that could do so.
 * @returns why something of them is still there
 */
export const freeOwn = Effect.fnUntraced(function* (
  release: Removed,
  lock: HeldLock,
): Effect.fn.Return<
  UninstallTrouble | undefined,
  KubectlError | RunSuperseded,
  Kubectl | Reporter
> {
  const found = yield* Effect.flatMap(readTypes, readCustomResources);
  const own = ownCustomResources(found, release);
  yield* deleteAll(own, lock);
  const refs = own.map(({ ref }) => ref);
  const held = yield* awaitGone(present(refs), GRACE);
  if (held.length === 0) return undefined;
  const pods = yield* awaitGone(podsOf(release), release.timeout);
  if (pods.length > 0) {
    return { _tag: "ControllersLeft", pods: pods.map(({ object }) => object) };
  }
  yield* report({ _tag: "FinalizersFound", held });
  for (const { object } of held) {
    yield* Effect.retry(freeObject(object, lock), { times: 5, while: isConflict });
  }
  const left = yield* awaitGone(present(refs), GRACE);
  return left.length > 0 ? { _tag: "ObjectsLeft", objects: left } : undefined;
});

export const releaseFinalizers = {
  id: "finalizers",
  title: "Finalizers that still hold them",
  run: Effect.fnUntraced(function* (input: FinalizersInput) {
    const { options, lock, namespaces } = input;
    const known = orFailed(options.release);
    const trouble = yield* Effect.catchTag(freeOwn(options, lock), "KubectlError", known);
    if (trouble !== undefined) return yield* failed(options.release, trouble);
    const leaving = namespaces.filter(
      ({ verdict }) => verdict._tag === "Delete" || verdict._tag === "Going",
    );
    const left = yield* Effect.mapError(awaitGone(standing(leaving), options.timeout), known);
    if (left.length === 0) return;
    const types = yield* Effect.mapError(readTypes, known);
    const contents = yield* Effect.mapError(readNamespaces(options, types), known);
    const objects = contents
      .flatMap((one) => one.objects)
      .filter(({ object }) => (object.metadata.finalizers ?? []).length > 0)
      .map(({ ref, object }) => ({ object: ref, finalizers: object.metadata.finalizers ?? [] }));
    return yield* failed(options.release, {
      _tag: "ObjectsLeft",
      objects: [...left, ...objects],
    });
  }),
};
