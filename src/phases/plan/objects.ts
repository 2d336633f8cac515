/** Each object of the release as it is, and as the server would make it: reads and dry runs, nothing else. */
import { Effect, Option, Result } from "effect";
import { HELM_MANAGER, parseConflicts } from "../../domain/field-owners.ts";
import { droppedObjects, objectKey, type TypeOf } from "../../domain/helm/access.ts";
import type { ApplyMethod } from "../../domain/helm/version.ts";
import {
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
  showRef,
} from "../../domain/kube.ts";
import {
  changedFields,
  nameOfObject,
  type ObjectChange,
  type Roll,
  rollOf,
} from "../../domain/object-change.ts";
import { fieldsOf, showValue } from "../../domain/object-diff.ts";
import { isReach, type ReachChange, reachChanges } from "../../domain/reach.ts";
import { type TakenFields, takenFields } from "../../domain/taken-fields.ts";
import type { ClusterUnavailable } from "../../errors.ts";
import { Kubectl, type KubectlError } from "../../services/Kubectl.ts";
import { partsInTheWay, type TakeBack } from "../take-back.ts";
import { unavailable } from "../unavailable.ts";

const REQUESTS_AT_ONCE = 16;
/** As Helm writes: its own fields are not taken for a conflict. */
const AS_HELM = { fieldManager: HELM_MANAGER, force: false, dryRun: true };

export interface ObjectsInput {
  readonly previous: ReadonlyArray<KubeObject>;
  readonly next: ReadonlyArray<KubeObject>;
  readonly typeOf: TypeOf;
  /** How Helm will write them. */
  readonly method: ApplyMethod;
  /** Masks the secrets of this run. */
  readonly redact: (text: string) => string;
}

interface Compared {
  readonly change?: ObjectChange;
  readonly roll?: Roll;
  readonly taken?: TakenFields;
  readonly reach?: ReadonlyArray<ReachChange>;
  readonly takeBack?: TakeBack;
  readonly refused?: RefusedObject;
  readonly limit?: string;
}

/** What the server does not let Helm write. */
export interface RefusedObject {
  readonly ref: ObjectRef;
  /** In the server's words. */
  readonly detail: string;
}

const created = (object: KubeObject, redact: ObjectsInput["redact"]): ObjectChange => {
  const show = showValue(object.kind === "Secret", redact);
  const images = [...fieldsOf(object)].filter(([path]) => /(?:^|\.)image$/.test(path));
  return {
    ...nameOfObject(object),
    action: "create",
    fields: images.map(([path, after]) => ({
      path,
      before: undefined,
      after: show(path, after),
    })),
  };
};

const refusal = (
  object: KubeObject,
  ref: ObjectRef,
  { detail }: KubectlError,
  redact: ObjectsInput["redact"],
): Compared => ({
  refused: { ref, detail: redact(detail) },
  change: {
    ...nameOfObject(object),
    action: "refused",
    fields: [],
    why: redact(detail),
  } satisfies ObjectChange,
});

/** To the server this is an error of its own; to Helm it is a refusal like any other. */
const WEBHOOK_DOWN = /failed calling webhook/;

/** The result as Helm gets it, with the fields that it meets other owners of. */
const rehearse = Effect.fnUntraced(function* (type: ResourceType, object: KubeObject) {
  const kubectl = yield* Kubectl;
  const tried = yield* Effect.result(kubectl.apply(type, object, AS_HELM));
  if (Result.isSuccess(tried) || tried.failure.reason !== "Conflict") {
    return { tried, conflicts: [] };
  }
  return {
    tried: yield* Effect.result(kubectl.apply(type, object, { ...AS_HELM, force: true })),
    conflicts: parseConflicts(tried.failure.detail),
  };
});

const compare = Effect.fnUntraced(function* (
  object: KubeObject,
  type: ResourceType,
  previous: KubeObject | undefined,
  { method, redact }: Pick<ObjectsInput, "method" | "redact">,
): Effect.fn.Return<Compared, ClusterUnavailable, Kubectl> {
  const kubectl = yield* Kubectl;
  const ref = refOf(type, object);
  const [found, { tried, conflicts }] = yield* Effect.all(
    [Effect.result(kubectl.get(ref)), rehearse(type, object)],
    { concurrency: "unbounded" },
  );
  if (Result.isFailure(found)) {
    const { reason, detail } = found.failure;
    if (reason === "NotServed") return { change: created(object, redact) };
    if (reason === "Forbidden") return { limit: `${showRef(ref)}: ${detail}` };
    return yield* unavailable(`read ${showRef(ref)}`)(found.failure);
  }
  const live = Option.getOrUndefined(found.success);
  if (live === undefined) {
    const refused = Result.isFailure(tried) && tried.failure.reason === "Rejected";
    // A new object may be in a namespace that is new as well.
    return refused
      ? refusal(object, ref, tried.failure, redact)
      : { change: created(object, redact) };
  }
  const merging = { previous, next: object, live, type, method };
  const isRefused = Result.isFailure(tried) && tried.failure.reason === "Rejected";
  const inTheWay = Option.getOrUndefined(yield* partsInTheWay(merging, isRefused));
  const result = inTheWay === undefined ? tried : Result.succeed(inTheWay.applied);
  if (Result.isFailure(result)) {
    const { reason, detail } = result.failure;
    if (reason === "Rejected" || reason === "Conflict" || WEBHOOK_DOWN.test(detail)) {
      return refusal(object, ref, result.failure, redact);
    }
    if (reason === "Forbidden") return { limit: `${showRef(ref)}: ${detail}` };
    return yield* unavailable(`rehearse ${showRef(ref)}`)(result.failure);
  }
  const show = showValue(object.kind === "Secret", redact);
  const states = { previous, next: object, live, applied: result.success };
  const fields = changedFields(states, show);
  if (fields.length === 0) return {};
  const change: ObjectChange = { ...nameOfObject(object), action: "change", fields };
  const roll = rollOf(change, live);
  const rehearsed = { ...states, type, method };
  const reach = reachChanges(rehearsed, show);
  const parts = inTheWay?.parts ?? [];
  const taken = takenFields(rehearsed, { conflicts, parts }, show);
  return {
    change,
    ...(roll === undefined ? {} : { roll }),
    reach,
    ...(parts.length === 0 ? {} : { takeBack: { previous, next: object, type, method } }),
    ...(taken.length === 0 ? {} : { taken: { ...nameOfObject(object), fields: taken } }),
  };
});

const deleted = Effect.fnUntraced(function* (
  object: KubeObject,
  type: ResourceType | undefined,
): Effect.fn.Return<Compared, never, Kubectl> {
  const kubectl = yield* Kubectl;
  if (type === undefined) return {};
  const found = yield* Effect.option(kubectl.get(refOf(type, object)));
  const isThere = Option.isNone(found) || Option.isSome(found.value);
  if (!isThere) return {};
  const name = nameOfObject(object);
  const change: ObjectChange = { ...name, action: "delete", fields: [] };
  const gone = { ...name, path: undefined, before: undefined, after: undefined, keep: undefined };
  return isReach(object) ? { change, reach: [gone] } : { change };
});

/** Only what would change; the order is that of the manifest, deletions last. */
export const planObjects = Effect.fn("tare.plan.objects")(function* (input: ObjectsInput) {
  const { next, previous, typeOf, redact } = input;
  const before = new Map(previous.map((object) => [objectKey(object), object]));
  const concurrency = { concurrency: REQUESTS_AT_ONCE };
  const compared = yield* Effect.forEach(
    next,
    (object): Effect.Effect<Compared, ClusterUnavailable, Kubectl> => {
      const type = typeOf(object);
      return type === undefined
        ? Effect.succeed({ change: created(object, redact) })
        : compare(object, type, before.get(objectKey(object)), input);
    },
    concurrency,
  );
  const gone = yield* Effect.forEach(
    droppedObjects(previous, next),
    (object) => deleted(object, typeOf(object)),
    concurrency,
  );
  const all = [...compared, ...gone];
  return {
    changes: all.flatMap(({ change }) => (change === undefined ? [] : [change])),
    rolls: all.flatMap(({ roll }) => (roll === undefined ? [] : [roll])),
    taken: all.flatMap(({ taken }) => (taken === undefined ? [] : [taken])),
    takeBack: all.flatMap(({ takeBack }) => (takeBack === undefined ? [] : [takeBack])),
    reach: all.flatMap(({ reach = [] }) => reach),
    refused: all.flatMap(({ refused }) => (refused === undefined ? [] : [refused])),
    limits: all.flatMap(({ limit }) => (limit === undefined ? [] : [limit])),
  };
});
