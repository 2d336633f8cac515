/** Each object of the release as it is, and as the server would make it: reads and dry runs, nothing else. */
import { Effect, Option, Result } from "effect";
import { droppedObjects, objectKey, type TypeOf } from "../../../domain/access/helm-access.ts";
import { isAdmissionRefusal, isUnrehearsable } from "../../../domain/checks/admission-refusal.ts";
import type { PodsToCome } from "../../../domain/checks/pod-rehearsal.ts";
import type { Refusal } from "../../../domain/checks/problem.ts";
import { isReach, type ReachChange, reachChanges } from "../../../domain/checks/reach.ts";
import { deletionOf } from "../../../domain/checks/terminating.ts";
import { HELM_MANAGER, parseConflicts } from "../../../domain/fields/field-owners.ts";
import {
  changedFields,
  isWorkload,
  nameOfObject,
  type ObjectChange,
  type Roll,
  rollOf,
} from "../../../domain/fields/object-change.ts";
import { fieldsOf, showValue } from "../../../domain/fields/object-diff.ts";
import { type TakenFields, takenFields } from "../../../domain/fields/taken-fields.ts";
import type { ApplyMethod } from "../../../domain/helm/arguments.ts";
import {
  fieldAt,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
  refOf,
  showRef,
} from "../../../domain/kube/objects.ts";
import type { PlanLimit } from "../../../domain/plan/upgrade-plan.ts";
import type { ClusterUnavailable } from "../../../errors.ts";
import { Kubectl, type KubectlError } from "../../../services/kube/Kubectl.ts";
import { describeDeletion } from "../../../words/checks/deletion.ts";
import { partsInTheWay, type TakeBack } from "../../fields/take-back.ts";
import { unavailable } from "../../kube/unavailable.ts";

const REQUESTS_AT_ONCE = 16;
/** As Helm writes: its own fields are not taken for a conflict. */
const AS_HELM = { fieldManager: HELM_MANAGER, force: false, dryRun: true };

interface ObjectsInput {
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
  readonly pods?: PodsToCome;
  readonly limit?: PlanLimit;
}

/** What the server does not let Helm write, or what would not last. */
export type RefusedObject = Refusal & {
  /** By the cluster's own rules or state, which no other chart and no other values get around. */
  readonly isClusters: boolean;
};

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
  refused: { ref, detail: redact(detail), isClusters: isAdmissionRefusal(detail) },
  change: {
    ...nameOfObject(object),
    action: "refused",
    fields: [],
    why: redact(detail),
  } satisfies ObjectChange,
});

/** To the server a webhook that is down is an error of its own; to Helm it is a refusal like any other. */
const isRefused = ({ reason, detail }: KubectlError): boolean =>
  !isUnrehearsable(detail) && (reason === "Rejected" || isAdmissionRefusal(detail));

/** Written to, it would go all the same. */
const going = (object: KubeObject, ref: ObjectRef, live: KubeObject): Compared | undefined => {
  const deletion = deletionOf(live);
  return deletion === undefined
    ? undefined
    : {
        refused: { ref, deletion, isClusters: true },
        change: {
          ...nameOfObject(object),
          action: "refused",
          fields: [],
          why: describeDeletion(deletion),
        },
      };
};

/** The pods that the controller makes from it, once it is written. */
const podsToCome = (
  { kind, metadata: { namespace } }: KubeObject,
  live: KubeObject | undefined,
  applied: KubeObject,
): Pick<Compared, "pods"> =>
  namespace === undefined || !isWorkload(kind) || fieldAt(applied, "spec", "replicas") === 0
    ? {}
    : {
        pods: {
          workload: live ?? applied,
          namespace,
          template: fieldAt(applied, "spec", "template"),
        },
      };

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
    if (reason === "Forbidden") return { limit: { _tag: "Object", object: showRef(ref), detail } };
    return yield* unavailable(`read ${showRef(ref)}`)(found.failure);
  }
  const live = Option.getOrUndefined(found.success);
  if (live === undefined) {
    if (Result.isFailure(tried)) {
      // A new object may be in a namespace that is new as well.
      return isRefused(tried.failure)
        ? refusal(object, ref, tried.failure, redact)
        : { change: created(object, redact) };
    }
    return { change: created(object, redact), ...podsToCome(object, undefined, tried.success) };
  }
  const leaving = going(object, ref, live);
  if (leaving !== undefined) return leaving;
  const merging = { previous, next: object, live, type, method };
  const wasRefused = Result.isFailure(tried) && tried.failure.reason === "Rejected";
  const inTheWay = Option.getOrUndefined(yield* partsInTheWay(merging, wasRefused));
  const result = inTheWay === undefined ? tried : Result.succeed(inTheWay.applied);
  if (Result.isFailure(result)) {
    const { reason, detail } = result.failure;
    if (isRefused(result.failure) || reason === "Conflict") {
      return refusal(object, ref, result.failure, redact);
    }
    if (reason === "Forbidden" || isUnrehearsable(detail)) {
      return { limit: { _tag: "Object", object: showRef(ref), detail } };
    }
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
    ...(roll === undefined ? {} : { roll, ...podsToCome(object, live, result.success) }),
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
    pods: all.flatMap(({ pods }) => (pods === undefined ? [] : [pods])),
    limits: all.flatMap(({ limit }) => (limit === undefined ? [] : [limit])),
  };
});
