/** What the hold relies on: a policy that depends on a Job, ReplicaSets that give up and take back pods, and a Job as a timer. */
import { assert } from "@effect/vitest";
import { Clock, Duration, Effect, Option } from "effect";
import {
  belongsTo,
  handedOver,
  held,
  putBack,
  selectorKeys,
} from "../../../src/domain/hold/hand-over.ts";
import { HELD_LABEL } from "../../../src/domain/hold/names.ts";
import {
  AdmissionPolicy,
  AdmissionPolicyBinding,
  guardJob,
  holdPolicy,
  holdPolicyBinding,
  keeperJob,
  keeperOwner,
  type NamedHold,
  ownerReferenceTo,
} from "../../../src/domain/hold/objects.ts";
import {
  ConfigMap,
  Deployment,
  Job,
  type KubeObject,
  numberAt,
  Pod,
  ReplicaSet,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { changeObject, Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const OURS = { fieldManager: "tare", force: true };
const FOREVER = Duration.minutes(10);

const holdOf = Effect.map(
  Stage,
  ({ namespace, release, unique }): NamedHold => ({
    release: { ...release, namespace },
    dataplaneNamespace: namespace,
    hold: unique.toLowerCase().slice(-8),
  }),
);

const deploy = Effect.fnUntraced(function* (replicas: number) {
  const [{ namespace }, kubectl] = yield* Effect.all([Stage, Kubectl]);
  const deployment: KubeObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "proxy", namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: "proxy" } },
      template: {
        metadata: { labels: { app: "proxy" } },
        spec: { containers: [{ name: "proxy", image: "app.example/app:v1" }] },
      },
    },
  };
  yield* kubectl.apply(Deployment, deployment, { fieldManager: "a", force: true });
});

const listed = Effect.fnUntraced(function* (type: typeof Pod) {
  const [{ namespace }, kubectl] = yield* Effect.all([Stage, Kubectl]);
  return yield* kubectl.list({ type, namespace });
});

const activePods = Effect.map(listed(Pod), (pods) =>
  pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
);

const podCount = (count: number) =>
  Effect.map(
    eventually(activePods, (pods) => pods.length === count),
    (pods) => {
      assert.lengthOf(pods, count);
      return pods;
    },
  );

const firstSet = Effect.map(listed(ReplicaSet), ([set]) => set);

const wanted = Effect.fnUntraced(function* (replicas: number) {
  const set = yield* eventually(firstSet, (one) => numberAt(one, "spec", "replicas") === replicas);
  assert.strictEqual(numberAt(set, "spec", "replicas"), replicas);
  return set as KubeObject;
});

const guarded = Effect.gen(function* () {
  const [kubectl, hold] = [yield* Kubectl, yield* holdOf];
  yield* kubectl.apply(Job, guardJob(hold, FOREVER), OURS);
  yield* kubectl.apply(AdmissionPolicy, holdPolicy(hold, "held"), OURS);
  yield* kubectl.apply(AdmissionPolicyBinding, holdPolicyBinding(hold), OURS);
  return hold;
});

const verdict = (pod: KubeObject) =>
  Effect.flatMap(Kubectl, (kubectl) =>
    kubectl.delete(refOf(Pod, pod), { dryRun: true }).pipe(
      Effect.as("allowed"),
      Effect.catch(({ reason }) => Effect.succeed(reason === "Rejected" ? "refused" : reason)),
    ),
  );

const untilVerdict = Effect.fnUntraced(function* (pod: KubeObject, expected: string) {
  assert.strictEqual(yield* eventually(verdict(pod), (seen) => seen === expected), expected);
});

const holdAll = Effect.fnUntraced(function* (pods: ReadonlyArray<KubeObject>, hold: NamedHold) {
  const labelled = yield* Effect.forEach(pods, (pod) =>
    changeObject(Pod, pod, (current) => held(current, hold.hold)),
  );
  const [first] = labelled;
  if (first !== undefined) yield* untilVerdict(first, "refused");
  return labelled;
});

/** Out of its ReplicaSet's hands, and its keeper's for so long. */
const handOver = Effect.fnUntraced(function* (
  named: NamedHold,
  pods: ReadonlyArray<KubeObject>,
  { set, life = FOREVER }: { readonly set: KubeObject; readonly life?: Duration.Duration },
) {
  const kubectl = yield* Kubectl;
  const job = yield* kubectl.apply(Job, keeperJob(named, life), OURS);
  const owner = ownerReferenceTo(yield* kubectl.apply(ConfigMap, keeperOwner(named, job), OURS));
  const at = new Date(yield* Clock.currentTimeMillis);
  const keys = selectorKeys(set);
  const away = yield* Effect.forEach(pods, (pod) =>
    changeObject(Pod, pod, (current) => handedOver(current, { keys, owner, at })),
  );
  return { away, job };
});

/** One pod, held, which its ReplicaSet does not want any more. */
const unwanted = Effect.gen(function* () {
  const named = yield* guarded;
  yield* deploy(1);
  const labelled = yield* holdAll(yield* podCount(1), named);
  yield* deploy(0);
  return { named, labelled, set: yield* wanted(0) };
});

const noted = (pod: KubeObject): KubeObject => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, noted: "yes" } },
});

const names = (pods: ReadonlyArray<KubeObject>) => pods.map(({ metadata }) => metadata.name).sort();

export const hold: ReadonlyArray<ContractCase> = [
  inCluster(
    "a pod is labelled though others have written to it since it was read, and not in the place of another",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const named = yield* holdOf;
      yield* deploy(1);
      const [read] = yield* podCount(1);
      const pod = read as KubeObject;
      const late = yield* Effect.flip(
        Effect.andThen(changeObject(Pod, pod, noted), kubectl.replace(Pod, held(pod, named.hold))),
      );
      assert.strictEqual(late.reason, "Conflict");
      const labelled = yield* changeObject(Pod, pod, (current) => held(current, named.hold));
      assert.strictEqual(labelled.metadata.annotations?.noted, "yes");
      assert.strictEqual(labelled.metadata.labels?.[HELD_LABEL], named.hold);
      const other = { ...pod, metadata: { ...pod.metadata, uid: "another" } };
      assert.strictEqual((yield* Effect.flip(changeObject(Pod, other, noted))).reason, "Conflict");
    }),
  ),
  inCluster(
    "a dry run may delete a pod, not a held one, and again when the guard has gone",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const named = yield* guarded;
      yield* deploy(1);
      const [pod] = yield* podCount(1);
      assert.isDefined(pod);
      assert.strictEqual(yield* verdict(pod as KubeObject), "allowed");
      yield* holdAll([pod as KubeObject], named);
      yield* kubectl.delete(refOf(Job, guardJob(named, FOREVER)));
      yield* untilVerdict(pod as KubeObject, "allowed");
      // The policy has stayed: bound to another guard it refuses again.
      const next = { ...named, hold: `${named.hold}-2` };
      yield* kubectl.apply(Job, guardJob(next, FOREVER), OURS);
      yield* kubectl.apply(AdmissionPolicyBinding, holdPolicyBinding(next), OURS);
      yield* untilVerdict(pod as KubeObject, "refused");
    }),
  ),
  inCluster(
    "a ReplicaSet that wants fewer pods keeps the held ones until they are handed over",
    Effect.gen(function* () {
      const named = yield* guarded;
      yield* deploy(2);
      const before = yield* podCount(2);
      yield* holdAll(before, named);
      yield* deploy(0);
      const set = yield* wanted(0);
      yield* Effect.sleep("2 seconds");
      const kept = yield* activePods;
      assert.deepStrictEqual(names(kept), names(before));
      yield* handOver(named, kept, { set });
      const emptied = yield* eventually(
        firstSet,
        (one) => (numberAt(one, "status", "replicas") ?? 0) === 0,
      );
      assert.strictEqual(numberAt(emptied, "status", "replicas") ?? 0, 0);
      assert.deepStrictEqual(names(yield* activePods), names(before));
    }),
  ),
  inCluster(
    "a ReplicaSet takes a pod back that has its labels again, and makes none in its place",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { named, labelled, set } = yield* unwanted;
      const [pod] = (yield* handOver(named, labelled, { set })).away;
      const away = pod as KubeObject;
      assert.isTrue(belongsTo(away, set));
      yield* changeObject(Pod, away, putBack);
      yield* deploy(1);
      const isOwned = (found: Option.Option<KubeObject>) =>
        Option.getOrUndefined(found)?.metadata.ownerReferences?.[0]?.kind === "ReplicaSet";
      assert.isTrue(isOwned(yield* eventually(kubectl.get(refOf(Pod, away)), isOwned)));
      assert.deepStrictEqual(names(yield* podCount(1)), names([away]));
    }),
  ),
  inCluster(
    "a Job without pods ends at its deadline, and takes the pods along that its ConfigMap owns",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const { named, labelled, set } = yield* unwanted;
      const { job } = yield* handOver(named, labelled, { set, life: Duration.seconds(3) });
      yield* podCount(0);
      const left = yield* kubectl.get(refOf(Job, job));
      assert.isTrue(Option.isNone(left));
    }),
  ),
  inCluster(
    "a deadline that is moved on is the new one",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const named = yield* holdOf;
      const job = yield* kubectl.apply(Job, guardJob(named, Duration.seconds(3)), OURS);
      yield* kubectl.apply(Job, guardJob(named, Duration.seconds(60)), OURS);
      yield* Effect.sleep("6 seconds");
      const live = yield* kubectl.get(refOf(Job, job));
      assert.strictEqual(
        Option.match(live, { onNone: () => undefined, onSome: ({ metadata }) => metadata.uid }),
        job.metadata.uid,
      );
    }),
  ),
];
