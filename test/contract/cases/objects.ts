/** How the API server keeps objects: apply, conflicts, versions, generations, selectors, deletion. */
import { assert } from "@effect/vitest";
import { Effect, Option } from "effect";
import {
  ConfigMap,
  Deployment,
  type KubeObject,
  Lease,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, inCluster, Stage } from "../stage.ts";

const named = Effect.fnUntraced(function* (
  name: string,
  data: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
) {
  const { namespace } = yield* Stage;
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    data,
  };
  return object;
});

const apply = Effect.fnUntraced(function* (
  fieldManager: string,
  data: Readonly<Record<string, string>>,
  options: { readonly force?: boolean; readonly dryRun?: boolean } = {},
) {
  const kubectl = yield* Kubectl;
  const object = yield* named("notes", data);
  return yield* kubectl.apply(ConfigMap, object, { fieldManager, force: false, ...options });
});

const get = Effect.fnUntraced(function* (name: string) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  return yield* kubectl.get({ type: ConfigMap, name, namespace: stage.namespace });
});

const create = Effect.fnUntraced(function* (
  name: string,
  data: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
) {
  const kubectl = yield* Kubectl;
  return yield* kubectl.create(ConfigMap, yield* named(name, data, labels));
});

const applying: ReadonlyArray<ContractCase> = [
  inCluster(
    "apply makes what is not there",
    Effect.gen(function* () {
      const made = yield* apply("a", { x: "1" });
      assert.deepStrictEqual(made.data, { x: "1" });
      assert.isString(made.metadata.uid);
      assert.isString(made.metadata.resourceVersion);
    }),
  ),
  inCluster(
    "apply of the same by the same manager writes nothing",
    Effect.gen(function* () {
      const first = yield* apply("a", { x: "1" });
      const second = yield* apply("a", { x: "1" });
      assert.strictEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
    }),
  ),
  inCluster(
    "apply of the same by another manager makes both its owners",
    Effect.gen(function* () {
      const first = yield* apply("a", { x: "1" });
      const second = yield* apply("b", { x: "1" });
      assert.notStrictEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      const managers = second.metadata.managedFields?.map(({ manager, operation }) => [
        manager,
        operation,
      ]);
      assert.deepStrictEqual(managers?.sort(), [
        ["a", "Apply"],
        ["b", "Apply"],
      ]);
    }),
  ),
  inCluster(
    "apply removes what its manager no longer names and owned alone",
    Effect.gen(function* () {
      yield* apply("a", { mine: "1", shared: "1" });
      yield* apply("b", { shared: "1", theirs: "1" });
      const after = yield* apply("a", { other: "1" });
      assert.deepStrictEqual(after.data, { shared: "1", theirs: "1", other: "1" });
    }),
  ),
  inCluster(
    "apply of another manager's field is a conflict that names manager and field",
    Effect.gen(function* () {
      yield* apply("a", { x: "1" });
      const error = yield* Effect.flip(apply("b", { x: "2" }));
      assert.strictEqual(error.reason, "Conflict");
      assert.strictEqual(error.detail, 'Apply failed with 1 conflict: conflict with "a": .data.x');
    }),
  ),
  inCluster(
    "several conflicts are told by manager",
    Effect.gen(function* () {
      yield* apply("a", { x: "1", y: "1" });
      const error = yield* Effect.flip(apply("b", { x: "2", y: "2" }));
      assert.strictEqual(
        error.detail,
        'Apply failed with 2 conflicts: conflicts with "a":\n- .data.x\n- .data.y',
      );
    }),
  ),
  inCluster(
    "apply by force takes the field over, and the other then meets the conflict",
    Effect.gen(function* () {
      yield* apply("a", { x: "1" });
      yield* apply("b", { x: "2" }, { force: true });
      const error = yield* Effect.flip(apply("a", { x: "1" }));
      assert.strictEqual(error.reason, "Conflict");
      assert.include(error.detail, 'conflict with "b": .data.x');
    }),
  ),
  inCluster(
    "a dry run answers as if it had been done, and keeps nothing",
    Effect.gen(function* () {
      yield* apply("a", { x: "1" });
      const would = yield* apply("a", { x: "2" }, { dryRun: true });
      assert.deepStrictEqual(would.data, { x: "2" });
      const live = Option.getOrThrow(yield* get("notes"));
      assert.deepStrictEqual(live.data, { x: "1" });
    }),
  ),
  inCluster(
    "a dry run of something new makes nothing",
    Effect.gen(function* () {
      yield* apply("a", { x: "1" }, { dryRun: true });
      assert.isTrue(Option.isNone(yield* get("notes")));
    }),
  ),
  inCluster(
    "a dry run meets conflicts as well",
    Effect.gen(function* () {
      yield* apply("a", { x: "1" });
      const error = yield* Effect.flip(apply("b", { x: "2" }, { dryRun: true }));
      assert.strictEqual(error.reason, "Conflict");
    }),
  ),
  inCluster(
    "apply meets admission, and what it said is passed on",
    Effect.gen(function* () {
      const stage = yield* Stage;
      yield* stage.admission("not in my namespace");
      const error = yield* Effect.flip(apply("a", { forbidden: "1" }));
      assert.strictEqual(error.reason, "Rejected");
      assert.include(error.detail, "not in my namespace");
      yield* apply("a", { allowed: "1" });
    }),
  ),
];

const writing: ReadonlyArray<ContractCase> = [
  inCluster(
    "what exists cannot be created",
    Effect.gen(function* () {
      yield* create("notes", { x: "1" });
      const error = yield* Effect.flip(create("notes", { x: "2" }));
      assert.strictEqual(error.reason, "Conflict");
      assert.strictEqual(error.detail, 'configmaps "notes" already exists');
    }),
  ),
  inCluster(
    "a replacement needs the object as it is now",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const read = yield* create("notes", { x: "1" });
      yield* kubectl.replace(ConfigMap, { ...read, data: { x: "2" } });
      const error = yield* Effect.flip(kubectl.replace(ConfigMap, { ...read, data: { x: "3" } }));
      assert.strictEqual(error.reason, "Conflict");
      assert.include(error.detail, "the object has been modified");
    }),
  ),
  inCluster(
    "what a replacement leaves out is gone, whoever owned it",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* apply("a", { x: "1", y: "1" });
      const read = Option.getOrThrow(yield* get("notes"));
      const after = yield* kubectl.replace(ConfigMap, { ...read, data: { y: "2" } });
      assert.deepStrictEqual(after.data, { y: "2" });
      const error = yield* Effect.flip(apply("a", { y: "1" }));
      assert.strictEqual(error.reason, "Conflict");
    }),
  ),
  inCluster(
    "a patch sets and removes what it names, and leaves the rest",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { metadata } = yield* apply("a", { x: "1", y: "1", z: "1" });
      const ref = { type: ConfigMap, name: "notes", namespace: metadata.namespace ?? "" };
      const patch = { data: { x: "2", y: null } };
      const tried = yield* kubectl.patch(ref, patch, { fieldManager: "b", dryRun: true });
      assert.deepStrictEqual(tried.data, { x: "2", z: "1" });
      assert.deepStrictEqual(Option.getOrThrow(yield* get("notes")).data, {
        x: "1",
        y: "1",
        z: "1",
      });
      const after = yield* kubectl.patch(ref, patch, { fieldManager: "b" });
      assert.deepStrictEqual(after.data, { x: "2", z: "1" });
      const error = yield* Effect.flip(apply("a", { x: "1" }));
      assert.strictEqual(error.reason, "Conflict");
    }),
  ),
  inCluster(
    "a patch of an object that was read before needs it as it is now",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { metadata } = yield* apply("a", { x: "1" });
      const ref = { type: ConfigMap, name: "notes", namespace: metadata.namespace ?? "" };
      const { resourceVersion = "" } = metadata;
      const patch = (x: string) =>
        kubectl.patch(ref, { metadata: { resourceVersion }, data: { x } }, { fieldManager: "b" });
      yield* patch("2");
      const error = yield* Effect.flip(patch("3"));
      assert.strictEqual(error.reason, "Conflict");
      assert.include(error.detail, "the object has been modified");
    }),
  ),
  inCluster(
    "what is not there cannot be patched",
    Effect.gen(function* () {
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      const ref = { type: ConfigMap, name: "nobody", namespace };
      const error = yield* Effect.flip(
        kubectl.patch(ref, { data: { x: "1" } }, { fieldManager: "b" }),
      );
      assert.strictEqual(error.reason, "NotServed");
    }),
  ),
  inCluster(
    "what is not there cannot be replaced",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const read = yield* create("notes", { x: "1" });
      yield* kubectl.delete({
        type: ConfigMap,
        name: "notes",
        namespace: read.metadata.namespace ?? "",
      });
      const error = yield* Effect.flip(kubectl.replace(ConfigMap, read));
      assert.include(["NotServed", "Conflict"], error.reason);
    }),
  ),
  inCluster(
    "deleting what is not there succeeds",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* kubectl.delete({ type: ConfigMap, name: "nobody", namespace: stage.namespace });
    }),
  ),
  inCluster(
    "what was deleted and made again is another object",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const first = yield* create("notes", { x: "1" });
      yield* kubectl.delete({ type: ConfigMap, name: "notes", namespace: stage.namespace });
      assert.isTrue(Option.isNone(yield* get("notes")));
      const second = yield* create("notes", { x: "1" });
      assert.notStrictEqual(second.metadata.uid, first.metadata.uid);
    }),
  ),
  inCluster(
    "an object with a finalizer is marked and stays until the finalizer goes",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const object = yield* named("held", { x: "1" });
      const finalizers = ["contract.test/hold"];
      yield* kubectl.create(ConfigMap, { ...object, metadata: { ...object.metadata, finalizers } });
      yield* kubectl.delete({ type: ConfigMap, name: "held", namespace: stage.namespace });
      const marked = Option.getOrThrow(yield* get("held"));
      assert.isString(marked.metadata.deletionTimestamp);
      yield* kubectl.replace(ConfigMap, {
        ...marked,
        metadata: { ...marked.metadata, finalizers: [] },
      });
      assert.isTrue(Option.isNone(yield* get("held")));
    }),
  ),
  inCluster(
    "a lease is taken by one of those who read it",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "lock", namespace: stage.namespace },
      };
      const read = yield* kubectl.create(Lease, lease);
      assert.strictEqual((yield* Effect.flip(kubectl.create(Lease, lease))).reason, "Conflict");
      const take = (holderIdentity: string) =>
        Effect.result(kubectl.replace(Lease, { ...read, spec: { holderIdentity } }));
      const taken = yield* Effect.all([take("a"), take("b")], { concurrency: "unbounded" });
      assert.deepStrictEqual(taken.map(({ _tag }) => _tag).sort(), ["Failure", "Success"]);
    }),
  ),
  inCluster(
    "generations count the specification, of Deployments the annotations as well, where the type has them",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const deployment = (replicas: number, annotations: Readonly<Record<string, string>>) => ({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "app", namespace: stage.namespace, annotations },
        spec: {
          replicas,
          selector: { matchLabels: { app: "app" } },
          template: {
            metadata: { labels: { app: "app" } },
            spec: { containers: [{ name: "app", image: "app.example/app:v1" }] },
          },
        },
      });
      const set = (replicas: number, annotations: Readonly<Record<string, string>>) =>
        kubectl.apply(Deployment, deployment(replicas, annotations), {
          fieldManager: "a",
          force: true,
        });
      const generations = [
        (yield* set(0, {})).metadata.generation,
        (yield* set(0, { note: "1" })).metadata.generation,
        (yield* set(1, { note: "1" })).metadata.generation,
        (yield* set(1, { note: "1" })).metadata.generation,
      ];
      assert.deepStrictEqual(generations, [1, 2, 3, 3]);
      const made = yield* create("notes", { x: "1" });
      assert.notProperty(made.metadata, "generation");
    }),
  ),
];

const names = (objects: ReadonlyArray<KubeObject>) => objects.map(({ metadata }) => metadata.name);

const list = Effect.fnUntraced(function* (labelSelector: string) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  return names(yield* kubectl.list({ type: ConfigMap, namespace: stage.namespace, labelSelector }));
});

const labelled = Effect.gen(function* () {
  yield* create("one", {}, { app: "a", tier: "front" });
  yield* create("two", {}, { app: "a", tier: "back" });
  yield* create("three", {}, { app: "b" });
});

const reading: ReadonlyArray<ContractCase> = [
  inCluster(
    "lists are in the order of names: v10 before v2",
    Effect.gen(function* () {
      for (const name of ["v2", "v10", "v1"]) yield* create(name, {}, { app: "a" });
      assert.deepStrictEqual(yield* list("app=a"), ["v1", "v10", "v2"]);
    }),
  ),
  inCluster(
    "labels select by equality, and several must all match",
    Effect.gen(function* () {
      yield* labelled;
      assert.deepStrictEqual(yield* list("app=a"), ["one", "two"]);
      assert.deepStrictEqual(yield* list("app=a,tier=back"), ["two"]);
      assert.deepStrictEqual(yield* list("app=c"), []);
    }),
  ),
  inCluster(
    "labels select by presence and by difference",
    Effect.gen(function* () {
      yield* labelled;
      assert.deepStrictEqual(yield* list("tier"), ["one", "two"]);
      assert.deepStrictEqual(yield* list("app,app!=a"), ["three"]);
      assert.deepStrictEqual(yield* list("app,!tier"), ["three"]);
      assert.deepStrictEqual(yield* list("app in (b,c)"), ["three"]);
    }),
  ),
  inCluster(
    "a list of more than five hundred is whole",
    Effect.gen(function* () {
      const numbers = Array.from({ length: 520 }, (_, index) => index);
      yield* Effect.forEach(numbers, (index) => create(`n${index}`, {}, { app: "many" }), {
        concurrency: 16,
        discard: true,
      });
      assert.strictEqual((yield* list("app=many")).length, 520);
    }),
  ),
  inCluster(
    "metadata alone can be had, and says whose",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* create("notes", { x: "1" }, { app: "a" });
      const query = { type: ConfigMap, namespace: stage.namespace, labelSelector: "app=a" };
      const [only] = yield* kubectl.list({ ...query, metadataOnly: true });
      assert.strictEqual(only?.kind, "ConfigMap");
      assert.strictEqual(only?.metadata.name, "notes");
      assert.notProperty(only, "data");
    }),
  ),
  inCluster(
    "a list without a namespace has all of them",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* create("notes", {}, { unique: stage.unique });
      const everywhere = yield* kubectl.list({
        type: ConfigMap,
        labelSelector: `unique=${stage.unique}`,
      });
      assert.deepStrictEqual(names(everywhere), ["notes"]);
      const elsewhere = yield* kubectl.list({
        type: ConfigMap,
        namespace: "default",
        labelSelector: `unique=${stage.unique}`,
      });
      assert.deepStrictEqual(elsewhere, []);
    }),
  ),
  inCluster(
    "what is not there is nothing, in a namespace that is not there as well",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      assert.isTrue(Option.isNone(yield* get("nobody")));
      const nowhere = { type: Secret, name: "nobody", namespace: "nowhere" };
      assert.isTrue(Option.isNone(yield* kubectl.get(nowhere)));
      assert.deepStrictEqual(yield* kubectl.list({ type: Secret, namespace: "nowhere" }), []);
    }),
  ),
  inCluster(
    "a type that nobody serves is told apart from an object that is not there",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const type = {
        group: "nowhere.example",
        version: "v1",
        plural: "nobodies",
        kind: "Nobody",
        namespaced: true,
      };
      const error = yield* Effect.flip(kubectl.list({ type }));
      assert.strictEqual(error.reason, "NotServed");
    }),
  ),
  inCluster(
    "the server says its version",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { major, minor, text } = yield* kubectl.serverVersion;
      assert.strictEqual(major, 1);
      assert.match(text, new RegExp(`^v1\\.${minor}\\.`));
    }),
  ),
];

const failures: ReadonlyArray<ContractCase> = (
  [
    ["forbidden", "Forbidden"],
    ["unauthorized", "Unauthorized"],
    ["unavailable", "ServerError"],
    ["cut", "Unreachable"],
  ] as const
).map(([trouble, reason]) =>
  inCluster(
    `a request that ends in "${trouble}" fails as ${reason}`,
    Effect.gen(function* () {
      const stage = yield* Stage;
      const kubectl = yield* stage.troubled(trouble);
      const error = yield* Effect.flip(
        kubectl.create(ConfigMap, yield* named("notes", { x: "1" })),
      );
      assert.strictEqual(error.reason, reason);
      assert.isTrue(Option.isNone(yield* get("notes")));
    }),
  ),
);

const lostAnswer = inCluster(
  "a write whose answer is lost has been done",
  Effect.gen(function* () {
    const stage = yield* Stage;
    const kubectl = yield* stage.troubled("answer lost");
    const error = yield* Effect.flip(kubectl.create(ConfigMap, yield* named("notes", { x: "1" })));
    assert.strictEqual(error.reason, "Unreachable");
    assert.isTrue(Option.isSome(yield* get("notes")));
  }),
);

export const objects: ReadonlyArray<ContractCase> = [
  ...applying,
  ...writing,
  ...reading,
  ...failures,
  lostAnswer,
];
