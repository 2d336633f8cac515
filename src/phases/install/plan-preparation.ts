/** What `prepare` would write, rehearsed where there is something to rehearse it in. */
import { Effect, Option } from "effect";
import { nameOfObject, type ObjectChange } from "../../domain/fields/object-change.ts";
import { type KubeObject, Namespace, refOf, Secret } from "../../domain/kube/objects.ts";
import type { PlanLimit } from "../../domain/plan/upgrade-plan.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { unavailable } from "../kube/unavailable.ts";
import {
  AS_TARE,
  type NamespaceAsked,
  OURS,
  type PrepareInput,
  pullSecretsOf,
  sameData,
  wantedNamespace,
} from "./prepare.ts";

type PreparationInput = Omit<PrepareInput, "identity" | "lock">;

export interface PlannedPreparation {
  readonly changes: ReadonlyArray<ObjectChange>;
  readonly limits: ReadonlyArray<PlanLimit>;
}

const changeOf = (object: KubeObject, isNew: boolean): ObjectChange => ({
  ...nameOfObject(object),
  action: isNew ? "create" : "change",
  fields: [],
});

const planNamespace = Effect.fnUntraced(function* (asked: NamespaceAsked) {
  const { name } = asked;
  const kubectl = yield* Kubectl;
  const { wanted, isNew } = yield* Effect.gen(function* () {
    const seen = yield* wantedNamespace(asked);
    if (seen.wanted !== undefined) {
      yield* kubectl.apply(Namespace, seen.wanted, { ...AS_TARE, dryRun: true });
    }
    return seen;
  }).pipe(Effect.mapError(unavailable(`prepare namespace ${name}`)));
  return { name, isNew, changes: wanted === undefined ? [] : [changeOf(wanted, isNew)] };
});

const planSecret = Effect.fnUntraced(function* (wanted: KubeObject, isRehearsed: boolean) {
  const kubectl = yield* Kubectl;
  const { name, namespace = "" } = wanted.metadata;
  return yield* Effect.gen(function* () {
    const found = yield* kubectl.get(refOf(Secret, wanted));
    if (sameData(Option.getOrUndefined(found), wanted)) return [];
    if (isRehearsed) yield* kubectl.apply(Secret, wanted, { ...OURS, dryRun: true });
    return [changeOf(wanted, Option.isNone(found))];
  }).pipe(Effect.mapError(unavailable(`write Secret ${namespace}/${name}`)));
});

/** Fails as `prepare` would. */
export const planPreparation = Effect.fn("tare.plan.preparation")(function* (
  input: PreparationInput,
) {
  const { options, ownsDataPlane } = input;
  const { release, dataplaneNamespace } = options;
  const names = [...new Set([release.namespace, dataplaneNamespace])];
  const namespaces = yield* Effect.forEach(names, (name) =>
    planNamespace({
      name,
      madeFor: release,
      isOwned: ownsDataPlane && name === dataplaneNamespace,
      isFirst: input.isFirst,
    }),
  );
  const absent = new Set(namespaces.flatMap(({ name, isNew }) => (isNew ? [name] : [])));
  const secrets = yield* Effect.forEach(pullSecretsOf(input), (wanted) =>
    planSecret(wanted, !absent.has(wanted.metadata.namespace ?? "")),
  );
  return {
    changes: [...namespaces.flatMap(({ changes }) => changes), ...secrets.flat()],
    limits: [...absent].map((namespace) => ({ _tag: "NamespaceAbsent", namespace })),
  } satisfies PlannedPreparation as PlannedPreparation;
});
