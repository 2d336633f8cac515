/**
 * Parts of live objects that only others own and that the chart's own cannot be beside: a second port of one name, a second source of a
 * volume, the renamed copy of a container. Neither Helm's patch nor the server's apply ever takes them away.
 */
import { Effect, Option, Result } from "effect";
import { HELM_MANAGER } from "../../domain/fields/field-owners.ts";
import { foreignParts, handedToHelm, type OwnedPath } from "../../domain/fields/managed-fields.ts";
import { type MergedFrom, mergedObject, patchTo } from "../../domain/fields/merged-object.ts";
import { replacedItems } from "../../domain/fields/replaced-items.ts";
import { refOf } from "../../domain/kube/objects.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";

/** What the server would make of the chart's object without these parts of the live one. */
const mergedWithout = Effect.fnUntraced(function* (
  states: MergedFrom,
  parts: ReadonlyArray<OwnedPath>,
) {
  const kubectl = yield* Kubectl;
  const { live, type } = states;
  return yield* kubectl.patch(refOf(type, live), patchTo(live, mergedObject(states, parts)), {
    fieldManager: HELM_MANAGER,
    dryRun: true,
  });
});

/** Of all that others own, as little as the server insists on. */
const fewest = Effect.fnUntraced(function* (states: MergedFrom, needed: ReadonlyArray<OwnedPath>) {
  let parts = [...needed, ...foreignParts(states.live, chartsOf(states))];
  if (Result.isFailure(yield* Effect.result(mergedWithout(states, parts)))) return undefined;
  for (const part of parts.filter((one) => !needed.includes(one))) {
    const fewer = parts.filter((one) => one !== part);
    if (Result.isSuccess(yield* Effect.result(mergedWithout(states, fewer)))) parts = fewer;
  }
  return parts;
});

const chartsOf = ({ previous, next }: MergedFrom) =>
  previous === undefined ? [next] : [previous, next];

/**
 * What has to go, and what the server makes of the object then; nothing where the object is good as it is, or no part
 * of others is what the server objects to.
 */
export const partsInTheWay = Effect.fn("tare.take-back.look")(function* (
  states: MergedFrom,
  isRefused: boolean,
) {
  const replaced = replacedItems(states.live, states.previous, states.next);
  if (!isRefused && replaced.length === 0) return undefined;
  const tried = yield* Effect.result(mergedWithout(states, replaced));
  const parts = Result.isSuccess(tried) ? replaced : yield* fewest(states, replaced);
  if (parts === undefined) return undefined;
  // What the server's own apply is refused for with nothing in its way, e.g. another selector, it is refused for by Helm too.
  if (states.method === "server" && parts.length === 0) return undefined;
  return { parts, applied: yield* mergedWithout(states, parts) };
}, Effect.option);

/**
 * Where the server applies, owning them is enough: Helm's own write takes away what is Helm's and not in the chart. Where
 * Helm patches, the object becomes what the deployed revision's chart made of it.
 */
const patchWithout = (states: MergedFrom, parts: ReadonlyArray<OwnedPath>) => {
  const { live, previous, next, method } = states;
  const managedFields = method === "server" ? handedToHelm(live, parts) : undefined;
  if (managedFields === undefined) {
    return patchTo(live, mergedObject({ ...states, next: previous ?? next }, parts));
  }
  const { resourceVersion } = live.metadata;
  return JSON.parse(JSON.stringify({ metadata: { resourceVersion, managedFields } }));
};

export type TakeBack = Omit<MergedFrom, "live">;

/** Status is written to objects all the time. */
const ATTEMPTS = 5;

const takeBackOne = Effect.fnUntraced(
  function* (object: TakeBack) {
    const kubectl = yield* Kubectl;
    const { type, next } = object;
    const ref = refOf(type, next);
    const [live, rehearsed] = yield* Effect.all(
      [
        kubectl.get(ref),
        Effect.result(
          kubectl.apply(type, next, { fieldManager: HELM_MANAGER, force: true, dryRun: true }),
        ),
      ],
      { concurrency: "unbounded" },
    );
    if (Option.isNone(live)) return;
    const states = { ...object, live: live.value };
    const isRefused = Result.isFailure(rehearsed) && rehearsed.failure.reason === "Rejected";
    const found = yield* partsInTheWay(states, isRefused);
    if (Option.isNone(found) || found.value === undefined) return;
    yield* kubectl.patch(ref, patchWithout(states, found.value.parts), {
      fieldManager: HELM_MANAGER,
    });
  },
  Effect.retry({ times: ATTEMPTS, while: ({ reason }) => reason === "Conflict" }),
);

/** Right before Helm writes: from here on these parts are Helm's to take away, or gone. */
export const takeBack = Effect.fn("tare.take-back")(function* (objects: ReadonlyArray<TakeBack>) {
  yield* Effect.forEach(
    objects,
    (object) =>
      Effect.catch(takeBackOne(object), ({ message }) =>
        warn({ code: "foreign-settings-stay", cause: message }),
      ),
    { concurrency: 8, discard: true },
  );
});
