/** What becomes of a Deployment: its ReplicaSets, its pods, its status. */
import { assert } from "@effect/vitest";
import { Effect, Option } from "effect";
import {
  conditionOf,
  Deployment,
  Event,
  fieldAt,
  type KubeObject,
  listAt,
  numberAt,
  type ObjectRef,
  Pod,
  ReplicaSet,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type Behaviour, type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const app: Effect.Effect<ObjectRef, never, Stage> = Effect.map(Stage, ({ namespace }) => ({
  type: Deployment,
  name: "app",
  namespace,
}));

interface Shape {
  readonly tag?: Behaviour;
  readonly replicas?: number;
  readonly progressDeadlineSeconds?: number;
}

const apply = Effect.fnUntraced(function* (shape: Shape = {}) {
  const { tag = "v1", replicas = 2, progressDeadlineSeconds } = shape;
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  const deployment: KubeObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "app", namespace: stage.namespace },
    spec: {
      replicas,
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      selector: { matchLabels: { app: "app" } },
      template: {
        metadata: { labels: { app: "app" } },
        spec: { containers: [{ name: "app", image: `app.example/app:${tag}` }] },
      },
    },
  };
  return yield* kubectl.apply(Deployment, deployment, { fieldManager: "a", force: true });
});

const live = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  return Option.getOrUndefined(yield* kubectl.get(yield* app));
});

const listOf = (type: typeof Pod) =>
  Effect.gen(function* () {
    const [stage, kubectl] = [yield* Stage, yield* Kubectl];
    return yield* kubectl.list({ type, namespace: stage.namespace, labelSelector: "app=app" });
  });
const pods = listOf(Pod);
const sets = listOf(ReplicaSet);

const counts = (deployment: KubeObject | undefined) =>
  ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].map(
    (field) => numberAt(deployment, "status", field) ?? 0,
  );

const observed = (deployment: KubeObject | undefined) =>
  numberAt(deployment, "status", "observedGeneration") === deployment?.metadata.generation;

/** The Deployment as soon as its newest specification is all there is. */
const rolledOut = (replicas = 2) =>
  eventually(
    live,
    (deployment) => observed(deployment) && counts(deployment).every((count) => count === replicas),
  );

const alive = (all: ReadonlyArray<KubeObject>) =>
  all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);

const waitingReason = (pod: KubeObject): string =>
  stringAt(pod, "status", "containerStatuses", 0, "state", "waiting", "reason") ?? "";

const waitingMessage = (pod: KubeObject): string =>
  stringAt(pod, "status", "containerStatuses", 0, "state", "waiting", "message") ?? "";

/** The pod of the new template once a container of it waits for this reason. */
const podWaiting = (reason: string) =>
  Effect.map(
    eventually(pods, (all) => all.some((pod) => waitingReason(pod) === reason)),
    (all) => all.find((pod) => waitingReason(pod) === reason),
  );

const revision = ({ metadata }: KubeObject) =>
  metadata.annotations?.["deployment.kubernetes.io/revision"];

const withPods = (name: string, run: ContractCase["run"]): ContractCase => inCluster(name, run);

export const podCases: ReadonlyArray<ContractCase> = [
  withPods(
    "pods belong to a ReplicaSet, and that to the Deployment",
    Effect.gen(function* () {
      yield* apply();
      const deployment = yield* rolledOut();
      const [set, ...others] = yield* sets;
      assert.deepStrictEqual(others, []);
      assert.strictEqual(set?.metadata.ownerReferences?.[0]?.uid, deployment?.metadata.uid);
      assert.strictEqual(set?.metadata.ownerReferences?.[0]?.controller, true);
      const hash = set?.metadata.labels?.["pod-template-hash"];
      assert.strictEqual(set?.metadata.name, `app-${hash}`);
      for (const pod of yield* pods) {
        assert.strictEqual(pod.metadata.ownerReferences?.[0]?.uid, set?.metadata.uid);
        assert.strictEqual(pod.metadata.labels?.["pod-template-hash"], hash);
        assert.isTrue(pod.metadata.name.startsWith(`app-${hash}-`));
      }
    }),
  ),
  withPods(
    "a Deployment that is up says so",
    Effect.gen(function* () {
      yield* apply();
      const deployment = yield* rolledOut();
      const settled = yield* eventually(
        live,
        (found) => conditionOf(found, "Progressing")?.reason === "NewReplicaSetAvailable",
      );
      assert.strictEqual(conditionOf(settled, "Available")?.status, "True");
      assert.strictEqual(conditionOf(settled, "Available")?.reason, "MinimumReplicasAvailable");
      assert.strictEqual(revision(settled as KubeObject), "1");
      assert.isDefined(deployment);
    }),
  ),
  withPods(
    "a ready pod runs, and its conditions say so",
    Effect.gen(function* () {
      yield* apply({ replicas: 1 });
      yield* rolledOut(1);
      const [pod] = yield* pods;
      assert.strictEqual(stringAt(pod, "status", "phase"), "Running");
      assert.strictEqual(conditionOf(pod, "Ready")?.status, "True");
      const [container] = listAt(pod, "status", "containerStatuses");
      assert.strictEqual(fieldAt(container, "ready"), true);
      assert.strictEqual(fieldAt(container, "restartCount"), 0);
      assert.isString(stringAt(container, "state", "running", "startedAt"));
    }),
  ),
  withPods(
    "a new template makes a new ReplicaSet, and the old one stays, empty",
    Effect.gen(function* () {
      yield* apply();
      yield* rolledOut();
      yield* apply({ tag: "v2" });
      yield* rolledOut();
      const seen = (yield* sets).map((set) => [
        revision(set),
        numberAt(set, "spec", "replicas"),
        stringAt(set, "spec", "template", "spec", "containers", 0, "image"),
      ]);
      assert.deepStrictEqual(seen.sort(), [
        ["1", 0, "app.example/app:v1"],
        ["2", 2, "app.example/app:v2"],
      ]);
    }),
  ),
  withPods(
    "going back to a template takes its ReplicaSet up again",
    Effect.gen(function* () {
      yield* apply();
      yield* rolledOut();
      const [first] = yield* sets;
      yield* apply({ tag: "v2" });
      yield* rolledOut();
      yield* apply();
      yield* rolledOut();
      const again = (yield* sets).find(({ metadata }) => metadata.uid === first?.metadata.uid);
      assert.strictEqual(again === undefined ? undefined : revision(again), "3");
      assert.strictEqual(numberAt(again, "status", "readyReplicas"), 2);
    }),
  ),
  withPods(
    "a rollout adds one pod of two, and takes no ready one away for it",
    Effect.gen(function* () {
      yield* apply();
      yield* rolledOut();
      yield* apply({ tag: "never-ready" });
      const stuck = yield* eventually(
        live,
        (found) => observed(found) && counts(found)[1] === 1 && counts(found)[0] === 3,
      );
      assert.deepStrictEqual(counts(stuck), [3, 1, 2, 2]);
      assert.strictEqual(conditionOf(stuck, "Available")?.status, "True");
    }),
  ),
  withPods(
    "of four, one more is added and one is taken away at once",
    Effect.gen(function* () {
      yield* apply({ replicas: 4 });
      yield* rolledOut(4);
      yield* apply({ replicas: 4, tag: "never-ready" });
      const stuck = yield* eventually(
        live,
        (found) => observed(found) && counts(found)[1] === 2 && counts(found)[0] === 5,
      );
      assert.deepStrictEqual(counts(stuck), [5, 2, 3, 3]);
    }),
  ),
  withPods(
    "a rollout that is stuck can be turned back",
    Effect.gen(function* () {
      yield* apply();
      yield* rolledOut();
      yield* apply({ tag: "never-ready" });
      yield* eventually(live, (found) => counts(found)[0] === 3);
      yield* apply();
      const back = yield* rolledOut();
      assert.deepStrictEqual(counts(back), [2, 2, 2, 2]);
    }),
  ),
  withPods(
    "a rollout that does not get on in its time says so",
    Effect.gen(function* () {
      yield* apply({ tag: "never-ready", progressDeadlineSeconds: 3 });
      const late = yield* eventually(
        live,
        (found) => conditionOf(found, "Progressing")?.status === "False",
      );
      const condition = conditionOf(late, "Progressing");
      assert.strictEqual(condition?.reason, "ProgressDeadlineExceeded");
      assert.match(
        condition?.message ?? "",
        /^ReplicaSet "app-[^"]+" has timed out progressing\.$/,
      );
      assert.strictEqual(conditionOf(late, "Available")?.status, "False");
      assert.strictEqual(conditionOf(late, "Available")?.reason, "MinimumReplicasUnavailable");
    }),
  ),
  withPods(
    "an image that is not there: ErrImagePull, then ImagePullBackOff, in the kubelet's words",
    Effect.gen(function* () {
      yield* apply({ tag: "no-such-image", replicas: 1 });
      const failed = yield* podWaiting("ErrImagePull");
      const image = "app.example/app:no-such-image";
      const why = `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;
      assert.strictEqual(waitingMessage(failed as KubeObject), why);
      assert.strictEqual(stringAt(failed, "status", "phase"), "Pending");
      const waiting = yield* podWaiting("ImagePullBackOff");
      assert.strictEqual(
        waitingMessage(waiting as KubeObject),
        `Back-off pulling image "${image}": ErrImagePull: ${why}`,
      );
      assert.strictEqual(conditionOf(waiting, "Ready")?.status, "False");
      assert.strictEqual(conditionOf(waiting, "Ready")?.reason, "ContainersNotReady");
      assert.strictEqual(
        conditionOf(waiting, "Ready")?.message,
        "containers with unready status: [app]",
      );
    }),
  ),
  withPods(
    "a container that crashes: CrashLoopBackOff, its last exit and a growing count",
    Effect.gen(function* () {
      yield* apply({ tag: "crash-loop", replicas: 1 });
      const pod = yield* podWaiting("CrashLoopBackOff");
      const { name, namespace, uid } = pod?.metadata ?? {};
      assert.match(
        waitingMessage(pod as KubeObject),
        new RegExp(
          `^back-off \\w+ restarting failed container=app pod=${name}_${namespace}\\(${uid}\\)$`,
        ),
      );
      const [container] = listAt(pod, "status", "containerStatuses");
      assert.strictEqual(numberAt(container, "lastState", "terminated", "exitCode"), 1);
      assert.isAtLeast(numberAt(container, "restartCount") ?? 0, 1);
      const again = yield* eventually(pods, (all) =>
        all.some(
          (one) => (numberAt(one, "status", "containerStatuses", 0, "restartCount") ?? 0) >= 2,
        ),
      );
      assert.isNotEmpty(again);
    }),
  ),
  withPods(
    "a pod that does not become ready runs and is not ready",
    Effect.gen(function* () {
      yield* apply({ tag: "never-ready", replicas: 1 });
      const [pod] = yield* eventually(pods, (all) =>
        all.some((one) => stringAt(one, "status", "phase") === "Running"),
      );
      assert.strictEqual(conditionOf(pod, "Ready")?.status, "False");
      assert.strictEqual(fieldAt(pod, "status", "containerStatuses", 0, "ready"), false);
    }),
  ),
  withPods(
    "what is wrong with a pod is told in events about it",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* apply({ tag: "no-such-image", replicas: 1 });
      const pod = yield* podWaiting("ImagePullBackOff");
      const events = kubectl.list({ type: Event, namespace: stage.namespace });
      const told = yield* eventually(events, (all) =>
        all.some(({ reason, involvedObject }) => {
          return reason === "Failed" && fieldAt(involvedObject, "uid") === pod?.metadata.uid;
        }),
      );
      const failed = told.find(({ reason }) => reason === "Failed");
      assert.strictEqual(failed?.type, "Warning");
      assert.strictEqual(stringAt(failed, "involvedObject", "name"), pod?.metadata.name);
      assert.strictEqual(stringAt(failed, "involvedObject", "fieldPath"), "spec.containers{app}");
    }),
  ),
  withPods(
    "a pod that is deleted is replaced",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* apply();
      yield* rolledOut();
      const [gone] = yield* pods;
      yield* kubectl.delete({
        type: Pod,
        name: gone?.metadata.name ?? "",
        namespace: stage.namespace,
      });
      const now = yield* eventually(
        pods,
        (all) =>
          alive(all).length === 2 &&
          alive(all).every(({ metadata }) => metadata.uid !== gone?.metadata.uid),
      );
      assert.strictEqual(alive(now).length, 2);
    }),
  ),
  withPods(
    "fewer replicas are reached by taking pods away, without a new ReplicaSet",
    Effect.gen(function* () {
      yield* apply({ replicas: 3 });
      yield* rolledOut(3);
      yield* apply({ replicas: 1 });
      yield* rolledOut(1);
      yield* eventually(pods, ({ length }) => length === 1);
      assert.strictEqual((yield* pods).length, 1);
      assert.strictEqual((yield* sets).length, 1);
    }),
  ),
  withPods(
    "with a Deployment go its ReplicaSets and pods",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* apply();
      yield* rolledOut();
      yield* kubectl.delete(yield* app);
      assert.deepStrictEqual(yield* eventually(pods, ({ length }) => length === 0), []);
      assert.deepStrictEqual(yield* eventually(sets, ({ length }) => length === 0), []);
    }),
  ),
  withPods(
    "a server in a pod that does not exist is gone",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      const { namespace } = stage;
      const ref = { namespace, pod: "nobody", port: 19001, path: "/stats/prometheus" };
      const error = yield* Effect.flip(kubectl.podHttp(ref));
      assert.strictEqual(error.reason, "NotServed");
      assert.include(error.detail, 'pods "nobody" not found');
    }),
  ),
];
