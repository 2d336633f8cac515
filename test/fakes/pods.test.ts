/** Pods as the fake cluster makes, runs and ends them. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { TestClock } from "effect/testing";
import {
  conditionOf,
  Event,
  fieldAt,
  Job,
  type KubeObject,
  Pod,
  ReplicaSet,
  ResourceQuota,
  refOf,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import { Kubectl } from "../../src/services/kube/Kubectl.ts";
import { hookJob } from "./helm/hooks.ts";
import {
  crashLoop,
  EGRESS,
  FakeCluster,
  FakeDeployments,
  FakeStreams,
  noSuchImage,
  TARS_EGRESS,
  withField,
  world,
} from "./index.ts";

const NAMESPACE = "tars-dataplane";

const setImage = Effect.fnUntraced(function* (tag: string) {
  const cluster = yield* FakeCluster;
  const path = "spec.provider.kubernetes.envoyDeployment.container.image";
  yield* cluster.edit(TARS_EGRESS, withField(path, `envoy:${tag}`));
});

const pods = Effect.flatMap(Kubectl, (kubectl) =>
  kubectl.list({ type: Pod, namespace: NAMESPACE }),
);

const stateOf = (pod: KubeObject): string => {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  const [envoy] = (fieldAt(pod, "status", "containerStatuses") ?? []) as ReadonlyArray<object>;
  const waiting = stringAt(envoy, "state", "waiting", "reason");
  const restarts = fieldAt(envoy, "restartCount");
  const ready = fieldAt(envoy, "ready") === true ? "Ready" : "Running";
  return `${waiting ?? ready}${restarts === 0 ? "" : ` (${restarts})`}`;
};

const states = Effect.map(pods, (all) => all.map(stateOf).sort());

/** What is seen of the pods, second by second, without repetition. */
const watchStates = Effect.fnUntraced(function* (seconds: number) {
  const seen: Array<string> = [];
  for (let second = 0; second < seconds; second++) {
    const now = (yield* states).join(", ");
    if (seen.at(-1) !== now) seen.push(now);
    yield* TestClock.adjust("1 second");
  }
  return seen;
});

const dropped = Effect.flatMap(FakeStreams, (streams) =>
  Effect.map(streams.dropped, ({ length }) => length),
);

const openStream = Effect.fnUntraced(function* (duration: Duration.Input, count = 1) {
  const streams = yield* FakeStreams;
  return yield* streams.open({ gateway: "egress", namespace: NAMESPACE, duration, count });
});

const messages = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  const events = yield* kubectl.list({ type: Event, namespace: NAMESPACE });
  return events.map((event) => `${event.type} ${event.reason}: ${event.message}`);
});

describe("pods", () => {
  it.effect("belong to a ReplicaSet of their Deployment, one for each template", () =>
    Effect.gen(function* () {
      yield* setImage("v2");
      yield* TestClock.adjust("1 minute");
      const kubectl = yield* Kubectl;
      const cluster = yield* FakeCluster;
      const sets = yield* kubectl.list({ type: ReplicaSet, namespace: NAMESPACE });
      const owner = (yield* cluster.peek(EGRESS))?.metadata.uid;
      assert.deepStrictEqual(
        sets
          .map((set) => [
            set.metadata.annotations?.["deployment.kubernetes.io/revision"],
            fieldAt(set, "status", "replicas"),
          ])
          .sort(),
        [
          ["1", 0],
          ["2", 2],
        ],
      );
      assert.isTrue(sets.every((set) => set.metadata.ownerReferences?.[0]?.uid === owner));
      const current = sets.find((set) => fieldAt(set, "spec", "replicas") === 2);
      for (const pod of yield* pods) {
        assert.strictEqual(pod.metadata.ownerReferences?.[0]?.uid, current?.metadata.uid);
        assert.strictEqual(stringAt(pod, "spec", "containers", 0, "image"), "envoy:v2");
      }
    }).pipe(Effect.provide(world())),
  );

  it.effect("give way one by one, each draining for its least time", () =>
    Effect.gen(function* () {
      yield* setImage("v2");
      assert.deepStrictEqual(yield* watchStates(40), [
        "Ready, Ready",
        "ContainerCreating, Ready, Ready",
        "Ready, Ready, Running",
        "ContainerCreating, Ready, Ready, Terminating",
        "Ready, Ready, Running, Terminating",
        "Ready, Ready, Terminating, Terminating",
        "Ready, Ready, Terminating",
        "Ready, Ready",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("go back to the ReplicaSet they came from when the template does", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const proxy = yield* cluster.peek(TARS_EGRESS);
      yield* setImage("v2");
      yield* TestClock.adjust("2 minutes");
      yield* cluster.edit(TARS_EGRESS, (live) => ({ ...live, spec: proxy?.spec }));
      yield* TestClock.adjust("2 minutes");
      const sets = yield* cluster.all(ReplicaSet, NAMESPACE);
      assert.deepStrictEqual(
        sets
          .map((set) => set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "")
          .sort(),
        ["2", "3"],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect(
    "of an image nobody has say so, back off longer and longer, and leave the old ones be",
    () =>
      Effect.gen(function* () {
        yield* setImage("no-such-image");
        assert.deepStrictEqual((yield* watchStates(20)).slice(0, 5), [
          "Ready, Ready",
          "ContainerCreating, Ready, Ready",
          "ErrImagePull, Ready, Ready",
          "ImagePullBackOff, Ready, Ready",
          "ErrImagePull, Ready, Ready",
        ]);
        assert.deepStrictEqual([...(yield* messages)].sort(), [
          'Normal BackOff: Back-off pulling image "envoy:no-such-image"',
          "Warning Failed: Error: ErrImagePull",
          "Warning Failed: Error: ImagePullBackOff",
          'Warning Failed: Failed to pull image "envoy:no-such-image": rpc error: code = NotFound desc = failed to pull and unpack image "envoy:no-such-image": failed to resolve reference "envoy:no-such-image": envoy:no-such-image: not found',
        ]);
      }).pipe(Effect.provide(world())),
  );

  it.effect("recover from a registry that was away for a while", () =>
    Effect.gen(function* () {
      yield* setImage("registry-blip");
      yield* TestClock.adjust("30 seconds");
      assert.include(yield* states, "ImagePullBackOff");
      yield* TestClock.adjust("5 minutes");
      assert.deepStrictEqual(yield* states, ["Ready", "Ready"]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that crash are restarted at once, then after 10 s, 20 s and so on", () =>
    Effect.gen(function* () {
      yield* setImage("crash-loop");
      yield* TestClock.adjust("5 seconds");
      assert.include(yield* states, "CrashLoopBackOff (1)");
      yield* TestClock.adjust("12 seconds");
      assert.include(yield* states, "CrashLoopBackOff (2)");
      const crashing = (yield* pods).find((pod) => stateOf(pod).startsWith("CrashLoop"));
      const { name, uid } = crashing?.metadata ?? {};
      assert.strictEqual(
        stringAt(crashing, "status", "containerStatuses", 0, "state", "waiting", "message"),
        `back-off 20s restarting failed container=envoy pod=${name}_${NAMESPACE}(${uid})`,
      );
      assert.strictEqual(
        fieldAt(crashing, "status", "containerStatuses", 0, "lastState", "terminated", "exitCode"),
        1,
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("crash when a schedule says so, and recover when it says so", () =>
    Effect.gen(function* () {
      const deployments = yield* FakeDeployments;
      const cure = yield* deployments.afflict({
        behaviour: crashLoop,
        of: (pod) => pod.metadata.namespace === NAMESPACE,
      });
      yield* TestClock.adjust("25 seconds");
      assert.deepStrictEqual(yield* states, ["CrashLoopBackOff (2)", "CrashLoopBackOff (2)"]);
      yield* cure;
      yield* TestClock.adjust("1 minute");
      assert.deepStrictEqual(yield* states, ["Ready (3)", "Ready (3)"]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that run do not care that their image is gone, new ones do", () =>
    Effect.gen(function* () {
      const [deployments, kubectl] = yield* Effect.all([FakeDeployments, Kubectl]);
      yield* deployments.afflict({ behaviour: noSuchImage });
      const [first] = yield* pods;
      yield* kubectl.delete({ type: Pod, name: first?.metadata.name ?? "", namespace: NAMESPACE });
      yield* TestClock.adjust("30 seconds");
      assert.deepStrictEqual(yield* states, ["ImagePullBackOff", "Ready"]);
    }).pipe(Effect.provide(world())),
  );
});

describe("a proxy that is to go", () => {
  it.effect("waits for its streams", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* openStream("3 minutes", 4), 4);
      yield* setImage("v2");
      yield* TestClock.adjust("2 minutes");
      assert.deepStrictEqual(yield* states, ["Ready", "Ready", "Terminating", "Terminating"]);
      yield* TestClock.adjust("2 minutes");
      assert.deepStrictEqual(yield* states, ["Ready", "Ready"]);
      assert.strictEqual(yield* dropped, 0);
    }).pipe(Effect.provide(world())),
  );

  it.effect("drops those that outlast its drain time", () =>
    Effect.gen(function* () {
      yield* openStream("1 hour", 4);
      yield* setImage("v2");
      yield* TestClock.adjust("10 minutes");
      assert.deepStrictEqual(yield* states, ["Ready", "Ready"]);
      const streams = yield* FakeStreams;
      const lives = (yield* streams.dropped).map(({ droppedAt = 0 }) => droppedAt);
      assert.strictEqual(lives.length, 4);
      assert.isTrue(lives.every((millis) => millis >= 300_000 && millis < 320_000));
    }).pipe(Effect.provide(world())),
  );

  it.effect("takes no new streams: they go to the others", () =>
    Effect.gen(function* () {
      yield* openStream("3 minutes", 2);
      yield* setImage("v2");
      yield* TestClock.adjust("1 minute");
      yield* openStream("10 seconds", 4);
      const leaving = (yield* pods)
        .filter((pod) => stateOf(pod) === "Terminating")
        .map(({ metadata }) => metadata.name);
      const streams = yield* FakeStreams;
      const young = (yield* streams.all).filter(({ openedAt }) => openedAt > 0);
      assert.strictEqual(young.length, 4);
      assert.isTrue(young.every(({ pod }) => !leaving.includes(pod)));
    }).pipe(Effect.provide(world())),
  );

  it.effect("drops them at once when it crashes", () =>
    Effect.gen(function* () {
      const deployments = yield* FakeDeployments;
      yield* openStream("1 minute", 3);
      yield* deployments.afflict({ behaviour: crashLoop });
      yield* TestClock.adjust("1 second");
      assert.strictEqual(yield* dropped, 3);
      assert.strictEqual(yield* openStream("1 minute", 2), 0);
      assert.strictEqual(yield* (yield* FakeStreams).refused, 2);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is gone with its Deployment", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.remove(EGRESS);
      yield* TestClock.adjust(Duration.minutes(1));
      assert.deepStrictEqual(yield* pods, []);
      assert.deepStrictEqual(yield* cluster.all(ReplicaSet, NAMESPACE), []);
    }).pipe(Effect.provide(world())),
  );
});

describe("a full quota of pods", () => {
  const full = (namespace: string, count: number) =>
    Effect.flatMap(FakeCluster, (cluster) =>
      cluster.put(ResourceQuota, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "tenant", namespace },
        spec: { hard: { pods: String(count) } },
      }),
    );

  const REFUSAL =
    /is forbidden: exceeded quota: tenant, requested: pods=1, used: pods=2, limited: pods=2/;

  it.effect("holds a rollout up, which goes on when there is room", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const quota = yield* full(NAMESPACE, 2);
      yield* setImage("v2");
      yield* TestClock.adjust("10 seconds");
      assert.deepStrictEqual(yield* states, ["Ready", "Ready"]);
      const failure = () =>
        Effect.map(cluster.peek(EGRESS), (egress) => conditionOf(egress, "ReplicaFailure"));
      const held = yield* failure();
      assert.strictEqual(held?.reason, "FailedCreate");
      assert.match(held?.message ?? "", REFUSAL);
      yield* cluster.remove(refOf(ResourceQuota, quota));
      yield* TestClock.adjust("2 seconds");
      assert.isUndefined(yield* failure());
      assert.lengthOf(yield* pods, 3);
    }).pipe(Effect.provide(world())),
  );

  it.effect("keeps a hook's Job from its pod, which only events tell", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* full("default", 0);
      const job = hookJob("default", { event: "pre-upgrade", job: "certs" }, "certs:v1");
      yield* (yield* Kubectl).create(Job, job);
      yield* TestClock.adjust("2 seconds");
      const [event] = yield* cluster.all(Event, "default");
      assert.strictEqual(stringAt(event, "involvedObject", "name"), "certs");
      assert.match(
        stringAt(event, "message") ?? "",
        /^Error creating: pods "certs-.*exceeded quota/,
      );
      const live = yield* cluster.peek(refOf(Job, job));
      assert.isUndefined(live?.status);
    }).pipe(Effect.provide(world())),
  );
});
