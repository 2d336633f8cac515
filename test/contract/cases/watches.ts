/** What a watch tells, and how it ends. */
import { assert } from "@effect/vitest";
import { Effect, Fiber, Ref, Stream } from "effect";
import { ConfigMap, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { Kubectl, type WatchEvent } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const write = Effect.fnUntraced(function* (
  name: string,
  data: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = { app: "a" },
) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: stage.namespace, labels },
    data,
  };
  return yield* kubectl.apply(ConfigMap, object, { fieldManager: "a", force: true });
});

const remove = Effect.fnUntraced(function* (name: string) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  yield* kubectl.delete({ type: ConfigMap, name, namespace: stage.namespace });
});

const show = (event: WatchEvent): string =>
  event._tag === "Listed"
    ? `Listed ${event.objects.map(({ metadata }) => metadata.name).join(" ")}`.trim()
    : `${event._tag} ${event.object.metadata.name} ${JSON.stringify(event.object.data)}`;

/** What a watch on the ConfigMaps labelled `app=a` tells while `act` is done, once so much was told. */
const told = Effect.fnUntraced(function* <E, R>(count: number, act: Effect.Effect<unknown, E, R>) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  const seen = yield* Ref.make<ReadonlyArray<string>>([]);
  const query = { type: ConfigMap, namespace: stage.namespace, labelSelector: "app=a" };
  const watching = yield* Effect.forkScoped(
    Stream.runForEach(kubectl.watch(query), (event) =>
      Ref.update(seen, (all) => [...all, show(event)]),
    ),
  );
  yield* eventually(Ref.get(seen), ({ length }) => length >= 1);
  yield* act;
  const all = yield* eventually(Ref.get(seen), ({ length }) => length >= count);
  yield* Fiber.interrupt(watching);
  return all;
});

export const watches: ReadonlyArray<ContractCase> = [
  inCluster(
    "a watch begins with what is there, then tells each change in order",
    Effect.gen(function* () {
      yield* write("one", { x: "1" });
      const seen = yield* told(
        4,
        Effect.gen(function* () {
          yield* write("two", { x: "1" });
          yield* write("one", { x: "2" });
          yield* remove("two");
        }),
      );
      assert.deepStrictEqual(seen, [
        "Listed one",
        'Applied two {"x":"1"}',
        'Applied one {"x":"2"}',
        'Deleted two {"x":"1"}',
      ]);
    }),
  ),
  inCluster(
    "an object that stops matching the query is told as deleted, and as applied when it matches again",
    Effect.gen(function* () {
      yield* write("one", { x: "1" });
      const seen = yield* told(
        3,
        Effect.gen(function* () {
          yield* write("one", { x: "1" }, { app: "b" });
          yield* write("one", { x: "2" }, { app: "a" });
        }),
      );
      assert.deepStrictEqual(
        seen.map((line) => line.split(" ")[0]),
        ["Listed", "Deleted", "Applied"],
      );
      assert.strictEqual(seen[2], 'Applied one {"x":"2"}');
    }),
  ),
  inCluster(
    "what does not match the query is not told",
    Effect.gen(function* () {
      const seen = yield* told(
        2,
        Effect.gen(function* () {
          yield* write("other", { x: "1" }, { app: "b" });
          yield* remove("other");
          yield* write("mine", { x: "1" });
        }),
      );
      assert.deepStrictEqual(seen, ["Listed", 'Applied mine {"x":"1"}']);
    }),
  ),
  inCluster(
    "a write that changes nothing is not told",
    Effect.gen(function* () {
      yield* write("one", { x: "1" });
      const seen = yield* told(
        2,
        Effect.gen(function* () {
          yield* write("one", { x: "1" });
          yield* write("two", { x: "1" });
        }),
      );
      assert.deepStrictEqual(seen, ["Listed one", 'Applied two {"x":"1"}']);
    }),
  ),
  inCluster(
    "an object with a finalizer is told as applied when it is marked, and as deleted when it goes",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const metadata = {
        name: "held",
        namespace: stage.namespace,
        labels: { app: "a" },
        finalizers: ["contract.test/hold"],
      };
      const held = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { x: "1" } };
      yield* kubectl.create(ConfigMap, held);
      const seen = yield* told(
        3,
        Effect.gen(function* () {
          yield* remove("held");
          const ref = { type: ConfigMap, name: "held", namespace: stage.namespace };
          const found = yield* Effect.flatten(
            Effect.map(kubectl.get(ref), (one) => Effect.fromOption(one)),
          );
          yield* kubectl.replace(ConfigMap, {
            ...found,
            metadata: { ...found.metadata, finalizers: [] },
          });
        }),
      );
      assert.deepStrictEqual(
        seen.filter((line) => line.startsWith("Deleted")),
        ['Deleted held {"x":"1"}'],
      );
      assert.strictEqual(seen[1], 'Applied held {"x":"1"}');
    }),
  ),
  inCluster(
    "a watch that is refused fails",
    Effect.gen(function* () {
      const stage = yield* Stage;
      const kubectl = yield* stage.troubled("forbidden");
      const query = { type: ConfigMap, namespace: stage.namespace };
      const error = yield* Effect.flip(Stream.runDrain(kubectl.watch(query)));
      assert.strictEqual(error.reason, "Forbidden");
    }),
  ),
];
