/** Each object of the release as it is, and as the server would make it: reads and dry runs, nothing else. */
import { Effect, Option, Result } from "effect";
import { droppedObjects, objectKey, type TypeOf } from "../../domain/helm/access.ts";
import { type KubeObject, type ResourceType, refOf, showRef } from "../../domain/kube.ts";
import {
  changedFields,
  nameOfObject,
  type ObjectChange,
  type Roll,
  rollOf,
} from "../../domain/object-change.ts";
import { fieldsOf, showValue } from "../../domain/object-diff.ts";
import type { ClusterUnavailable } from "../../errors.ts";
import { Kubectl, type KubectlError } from "../../services/Kubectl.ts";
import { unavailable } from "../unavailable.ts";

const REQUESTS_AT_ONCE = 16;
/** As Helm writes: its own fields are not taken for a conflict. */
const AS_HELM = { fieldManager: "helm", force: true, dryRun: true };

export interface ObjectsInput {
  readonly previous: ReadonlyArray<KubeObject>;
  readonly next: ReadonlyArray<KubeObject>;
  readonly typeOf: TypeOf;
  /** Masks the secrets of this run. */
  readonly redact: (text: string) => string;
}

interface Compared {
  readonly change?: ObjectChange;
  readonly roll?: Roll;
  readonly limit?: string;
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

const refusal = (object: KubeObject, { detail }: KubectlError, redact: ObjectsInput["redact"]) => ({
  change: {
    ...nameOfObject(object),
    action: "refused",
    fields: [],
    why: redact(detail),
  } satisfies ObjectChange,
});

const compare = Effect.fnUntraced(function* (
  object: KubeObject,
  type: ResourceType,
  previous: KubeObject | undefined,
  redact: ObjectsInput["redact"],
): Effect.fn.Return<Compared, ClusterUnavailable, Kubectl> {
  const kubectl = yield* Kubectl;
  const ref = refOf(type, object);
  const [found, tried] = yield* Effect.all(
    [Effect.result(kubectl.get(ref)), Effect.result(kubectl.apply(type, object, AS_HELM))],
    { concurrency: "unbounded" },
  );
  if (Result.isFailure(found)) {
    const { reason, detail } = found.failure;
    if (reason === "NotServed") return { change: created(object, redact) };
    if (reason === "Forbidden") return { limit: `${showRef(ref)}: ${detail}` };
    return yield* unavailable(`read ${showRef(ref)}`)(found.failure);
  }
  const live = Option.getOrUndefined(found.success);
  // A new object may be in a namespace that is new as well.
  if (live === undefined) return { change: created(object, redact) };
  if (Result.isFailure(tried)) {
    const { reason, detail } = tried.failure;
    if (reason === "Rejected" || reason === "Conflict") {
      return refusal(object, tried.failure, redact);
    }
    if (reason === "Forbidden") return { limit: `${showRef(ref)}: ${detail}` };
    return yield* unavailable(`rehearse ${showRef(ref)}`)(tried.failure);
  }
  const show = showValue(object.kind === "Secret", redact);
  const fields = changedFields({ previous, next: object, live, applied: tried.success }, show);
  if (fields.length === 0) return {};
  const change: ObjectChange = { ...nameOfObject(object), action: "change", fields };
  const roll = rollOf(change, live);
  return roll === undefined ? { change } : { change, roll };
});

const deleted = Effect.fnUntraced(function* (
  object: KubeObject,
  type: ResourceType | undefined,
): Effect.fn.Return<Compared, never, Kubectl> {
  const kubectl = yield* Kubectl;
  if (type === undefined) return {};
  const found = yield* Effect.option(kubectl.get(refOf(type, object)));
  const isThere = Option.isNone(found) || Option.isSome(found.value);
  return isThere
    ? { change: { ...nameOfObject(object), action: "delete", fields: [] } satisfies ObjectChange }
    : {};
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
        : compare(object, type, before.get(objectKey(object)), redact);
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
    limits: all.flatMap(({ limit }) => (limit === undefined ? [] : [limit])),
  };
});
