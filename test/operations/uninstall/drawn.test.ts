/** Uninstallations that are drawn: what others have beside the release, flags, faults of the API server, and deaths. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import {
  ConfigMap,
  Gateway,
  type KubeObject,
  Namespace,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import {
  allObjects,
  answerLost,
  FakeCluster,
  FakeJournalFiles,
  FakeManagementPlane,
  FakeProcesses,
  HELM_3,
  HELM_4,
  overtaken,
  processOn,
  runAs,
  runInstall,
  runUninstall,
  serverError,
  TARS_EGRESS,
  type Trouble,
  unreachable,
  world,
} from "../../fakes/index.ts";
import { type Dice, makeDice } from "../../simulation/dice.ts";

const SEEDS = 100;
const WRITES = new Set(["apply", "create", "replace", "patch", "delete"]);
const NAMESPACES = ["tars-system", "tars-dataplane"];

const THEIRS: ReadonlyArray<readonly [ResourceType, KubeObject]> = [
  ...NAMESPACES.map(
    (namespace) =>
      [
        ConfigMap,
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs", namespace } },
      ] as const,
  ),
  [
    Gateway,
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "theirs", namespace: "tars-dataplane" },
      spec: { gatewayClassName: "theirs" },
    },
  ],
  [
    Gateway,
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "theirs", namespace: "elsewhere" },
      spec: { gatewayClassName: "theirs" },
    },
  ],
];

/** Of a Gateway of theirs. */
const PROXY = / (?:elsewhere|tars-dataplane)\/theirs(?:-|$)/;

/** Everything, as far as it is the same after a day. */
const everything = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  return allObjects(yield* cluster.snapshot)
    .filter(({ kind }) => kind !== "Event")
    .map(({ kind, metadata: { name, namespace = "" } }) => `${kind} ${namespace}/${name}`)
    .sort();
});

/** What hits one of its requests, in a while: each passes. */
const troubles = (dice: Dice) =>
  Array.from({ length: dice.int(4) }, () => ({
    trouble: dice.pick<Trouble>([unreachable, serverError, answerLost, overtaken]),
    actor: dice.pick(["tare", "helm"]),
    verb: dice.pick(["get", "list", "delete", "patch", "apply", "replace"] as const),
    skip: dice.int(30),
    times: 1 + dice.int(3),
  }));

const story = Effect.fnUntraced(function* (dice: Dice) {
  const [cluster, files] = yield* Effect.all([FakeCluster, FakeJournalFiles]);
  const madeBefore = NAMESPACES.filter(() => dice.chance(0.2));
  for (const name of madeBefore) {
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    yield* cluster.seed(Namespace, object, "kubectl-create");
  }
  const bare = yield* everything;
  yield* runInstall();
  const theirs = THEIRS.filter(() => dice.chance(0.25));
  for (const [type, object] of theirs) yield* cluster.seed(type, object, "kubectl");
  if (dice.chance(0.3)) {
    yield* cluster.edit(TARS_EGRESS, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: ["example.com/stuck"] },
    }));
  }
  const options = {
    force: true,
    deleteSharedCrds: dice.chance(0.5),
    keepCrds: dice.chance(0.2),
    keepNamespaces: dice.chance(0.2),
  };
  const dies = dice.chance(0.6) ? 1 + dice.int(40) : Number.POSITIVE_INFINITY;

  const cures = yield* Effect.forEach(troubles(dice), cluster.inject);
  let writes = 0;
  let journal: ReadonlyMap<string, string> | undefined;
  yield* cluster.oversee(({ actor, verb, dryRun }) => {
    if (actor !== "tare" && actor !== "helm") return undefined;
    if (WRITES.has(verb) && !dryRun) writes += 1;
    if (writes < dies) return undefined;
    journal ??= Effect.runSync(files.files);
    return unreachable;
  });
  yield* runAs(processOn(200))(runUninstall({ options, limit: "12 hours" }));
  yield* cluster.oversee(() => undefined);
  if (journal !== undefined) yield* files.restore(journal);
  yield* (yield* FakeProcesses).end(200);
  yield* Effect.forEach(cures, (cure) => cure, { discard: true });

  for (const [type, object] of theirs) {
    assert.isDefined(yield* cluster.peek(refOf(type, object)), `${object.metadata.namespace}`);
  }
  const last = yield* runUninstall({ options });
  assert.isTrue(Exit.isSuccess(last.exit), String(last.exit));

  const left = yield* everything;
  const there = new Set(bare);
  const own = theirs.map(
    ([, { kind, metadata }]) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
  );
  for (const name of [...bare, ...own]) assert.include(left, name);
  // Namespaces and CRDs stay for a reason that was drawn, and nothing else does.
  const extra = left.filter((name) => !there.has(name) && !own.includes(name) && !PROXY.test(name));
  const staying = extra.filter((name) => !/^(?:Namespace|CustomResourceDefinition) /.test(name));
  assert.deepStrictEqual(staying, []);
  for (const name of NAMESPACES) {
    const isKept =
      options.keepNamespaces ||
      madeBefore.includes(name) ||
      theirs.some(([, { metadata }]) => metadata.namespace === name);
    assert.strictEqual(left.includes(`Namespace /${name}`), isKept, name);
  }
  const rows = yield* (yield* FakeManagementPlane).rows;
  assert.deepStrictEqual(rows, ["1 install success", "1 uninstall success"]);
  assert.strictEqual((yield* runUninstall({ options })).result?._tag, "Nothing");
});

describe("a drawn uninstallation", () => {
  it.effect.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))(
    "converges, and takes nothing of others: seed %i",
    (seed) => {
      const dice = makeDice(seed);
      const helm = dice.pick([HELM_3, HELM_4]);
      return story(dice).pipe(Effect.provide(world({ revisions: [], crds: [], helm })));
    },
  );
});
