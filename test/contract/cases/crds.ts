/** The rules for CustomResourceDefinitions. */
import { assert } from "@effect/vitest";
import { Effect, Option } from "effect";
import {
  CustomResourceDefinition,
  conditionOf,
  fieldAt,
  type KubeObject,
  type ResourceType,
} from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

interface Shape {
  readonly versions?: ReadonlyArray<string>;
  /** The last version when left out. */
  readonly storage?: string;
  readonly scope?: "Namespaced" | "Cluster";
  readonly description?: string;
  readonly kind?: string;
}

const groupOf = ({ unique }: { readonly unique: string }) => `${unique}.contract.test`;

const crd = Effect.fnUntraced(function* ({
  versions = ["v1"],
  storage = versions.at(-1),
  scope = "Namespaced",
  description = "1",
  kind = "Widget",
}: Shape = {}) {
  const group = groupOf(yield* Stage);
  const object: KubeObject = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural: "widgets", singular: kind.toLowerCase() },
      scope,
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === storage,
        schema: {
          openAPIV3Schema: {
            type: "object",
            description,
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      })),
    },
  };
  return object;
});

const apply = Effect.fnUntraced(function* (shape: Shape = {}, dryRun = false) {
  const kubectl = yield* Kubectl;
  return yield* kubectl.apply(CustomResourceDefinition, yield* crd(shape), {
    fieldManager: "a",
    force: true,
    dryRun,
  });
});

const live = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const { metadata } = yield* crd();
  return Option.getOrUndefined(
    yield* kubectl.get({ type: CustomResourceDefinition, name: metadata.name }),
  );
});

const established = eventually(
  live,
  (found) => conditionOf(found, "Established")?.status === "True",
);

const widgets = Effect.fnUntraced(function* (version: string, namespaced = true) {
  const type: ResourceType = {
    group: groupOf(yield* Stage),
    version,
    plural: "widgets",
    kind: "Widget",
    namespaced,
  };
  return type;
});

const served = Effect.fnUntraced(function* (version: string) {
  const kubectl = yield* Kubectl;
  const type = yield* widgets(version);
  return yield* eventually(Effect.result(kubectl.list({ type })), ({ _tag }) => _tag === "Success");
});

const cleanUp = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const { metadata } = yield* crd();
  yield* Effect.ignore(kubectl.delete({ type: CustomResourceDefinition, name: metadata.name }));
});

const withCrds = (name: string, run: ContractCase["run"]): ContractCase =>
  inCluster(name, Effect.ensuring(run, cleanUp));

const storedVersions = (found: KubeObject | undefined) =>
  fieldAt(found, "status", "storedVersions");

export const crds: ReadonlyArray<ContractCase> = [
  withCrds(
    "CRD: a new type is established, and then served",
    Effect.gen(function* () {
      yield* apply();
      const found = yield* established;
      assert.strictEqual(conditionOf(found, "Established")?.reason, "InitialNamesAccepted");
      assert.strictEqual(conditionOf(found, "NamesAccepted")?.status, "True");
      const list = yield* served("v1");
      assert.strictEqual(list._tag, "Success");
    }),
  ),
  withCrds(
    "CRD: discovery names the type in each version that is served",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* apply({ versions: ["v1alpha1", "v1"] });
      const group = groupOf(yield* Stage);
      const mine = Effect.map(kubectl.served, (all) =>
        [...all].filter((name) => name.endsWith(`.${group}`)).sort(),
      );
      const found = yield* eventually(mine, ({ length }) => length === 2);
      assert.deepStrictEqual(found, [`widgets.v1.${group}`, `widgets.v1alpha1.${group}`]);
    }),
  ),
  withCrds(
    "CRD: a version that is not served is told as a type that is not there",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* apply();
      yield* served("v1");
      const error = yield* Effect.flip(kubectl.list({ type: yield* widgets("v2") }));
      assert.strictEqual(error.reason, "NotServed");
    }),
  ),
  withCrds(
    "CRD: its generation counts changes of its specification",
    Effect.gen(function* () {
      assert.strictEqual((yield* apply()).metadata.generation, 1);
      yield* established;
      assert.strictEqual((yield* apply()).metadata.generation, 1);
      assert.strictEqual((yield* apply({ description: "2" })).metadata.generation, 2);
    }),
  ),
  withCrds(
    "CRD: a dry run tells the generation it would have",
    Effect.gen(function* () {
      yield* apply();
      yield* established;
      const would = yield* apply({ description: "2" }, true);
      assert.strictEqual(would.metadata.generation, 2);
      assert.strictEqual((yield* live)?.metadata.generation, 1);
    }),
  ),
  withCrds(
    "CRD: every version that was ever stored stays recorded",
    Effect.gen(function* () {
      yield* apply({ versions: ["v1alpha1"] });
      assert.deepStrictEqual(storedVersions(yield* established), ["v1alpha1"]);
      yield* apply({ versions: ["v1alpha1", "v1"] });
      const found = yield* eventually(live, (one) => {
        const stored = storedVersions(one);
        return Array.isArray(stored) && stored.length === 2;
      });
      assert.deepStrictEqual(storedVersions(found), ["v1alpha1", "v1"]);
    }),
  ),
  withCrds(
    "CRD: a version that was stored cannot be left out",
    Effect.gen(function* () {
      yield* apply({ versions: ["v1alpha1"] });
      yield* established;
      yield* apply({ versions: ["v1alpha1", "v1"] });
      const error = yield* Effect.flip(apply({ versions: ["v1"] }));
      assert.strictEqual(error.reason, "Rejected");
      assert.match(
        error.detail,
        /status\.storedVersions\[0\]: Invalid value: "v1alpha1": missing from spec\.versions/,
      );
    }),
  ),
  withCrds(
    "CRD: a version that was never stored can be left out, and is served no more",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* apply({ versions: ["v1alpha1", "v1"] });
      yield* served("v1alpha1");
      yield* apply({ versions: ["v1"] });
      const list = kubectl.list({ type: yield* widgets("v1alpha1") });
      const gone = yield* eventually(Effect.result(list), ({ _tag }) => _tag === "Failure");
      assert.strictEqual(gone._tag, "Failure");
    }),
  ),
  withCrds(
    "CRD: its scope cannot be changed",
    Effect.gen(function* () {
      yield* apply();
      yield* established;
      const error = yield* Effect.flip(apply({ scope: "Cluster" }));
      assert.strictEqual(error.reason, "Rejected");
      assert.match(error.detail, /spec\.scope: Invalid value: "Cluster": field is immutable/);
    }),
  ),
  withCrds(
    "CRD: its kind cannot be changed",
    Effect.gen(function* () {
      yield* apply();
      yield* established;
      const error = yield* Effect.flip(apply({ kind: "Gadget" }));
      assert.strictEqual(error.reason, "Rejected");
      assert.match(error.detail, /spec\.names\.kind: Invalid value: "Gadget": field is immutable/);
    }),
  ),
  withCrds(
    "CRD: a dry run meets the same refusal",
    Effect.gen(function* () {
      yield* apply();
      yield* established;
      const error = yield* Effect.flip(apply({ scope: "Cluster" }, true));
      assert.strictEqual(error.reason, "Rejected");
    }),
  ),
  withCrds(
    "CRD: with it go its objects",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* apply();
      yield* served("v1");
      const type = yield* widgets("v1");
      const widget = {
        apiVersion: `${type.group}/v1`,
        kind: "Widget",
        metadata: { name: "one", namespace: stage.namespace },
        spec: { size: 1 },
      };
      const made = yield* kubectl.create(type, widget);
      assert.strictEqual(made.metadata.generation, 1);
      yield* cleanUp;
      yield* eventually(live, (found) => found === undefined);
      yield* apply();
      yield* established;
      yield* served("v1");
      assert.deepStrictEqual(yield* kubectl.list({ type }), []);
    }),
  ),
];
