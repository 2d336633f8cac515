/** What the gate relies on beside Deployments: DaemonSets, and a server that rewrites what it is sent. */

import { isDeepStrictEqual } from "node:util";
import { assert } from "@effect/vitest";
import { Effect } from "effect";
import {
  DaemonSet,
  Deployment,
  type KubeObject,
  listAt,
  Pod,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import type { WaitingFor } from "../../../src/domain/rollout/trouble/waiting-for.ts";
import { currentGeneration } from "../../../src/domain/rollout/view.ts";
import { workloadProgress } from "../../../src/domain/rollout/workload-progress.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { MIRROR } from "../../fakes/fixtures/others.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const ONE_OF_3: WaitingFor = { _tag: "PodsUpdated", count: 1, desired: 3, isEarlier: false };

const OURS = { fieldManager: "case", force: true };
const LABELS = { app: "proxy" };

const workload = Effect.fnUntraced(function* (
  { kind }: { readonly kind: string },
  image: string,
  rest: object = {},
) {
  const { namespace } = yield* Stage;
  const object: KubeObject = {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "proxy", namespace },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "proxy", image }] },
      },
      ...rest,
    },
  };
  return object;
});

const imageOf = (object: KubeObject): string | undefined =>
  stringAt(listAt(object, "spec", "template", "spec", "containers")[0], "image");

const rolledOut = Effect.gen(function* () {
  const [kubectl, { namespace }] = yield* Effect.all([Kubectl, Stage]);
  const sets = kubectl.list({ type: DaemonSet, namespace });
  const [set] = yield* eventually(sets, ([found]) => {
    const progress = found && workloadProgress(found);
    return progress?.waitingFor === undefined && (progress?.ready ?? 0) > 0;
  });
  const object = set as KubeObject;
  const pods = yield* kubectl.list({ type: Pod, namespace, labelSelector: "app=proxy" });
  const generation = currentGeneration({ group: "data-plane", object }, { replicaSets: [] });
  return { object, generation, pods: pods.filter((pod) => generation?.owns(pod)) };
});

export const proxies: ReadonlyArray<ContractCase> = [
  inCluster(
    "a DaemonSet has a pod on each node, and its pods tell their template",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* kubectl.apply(DaemonSet, yield* workload(DaemonSet, "app.example/app:v1"), OURS);
      const first = yield* rolledOut;
      assert.deepInclude(workloadProgress(first.object), { ready: 3, desired: 3 });
      assert.lengthOf(first.pods, 3);
      yield* kubectl.apply(DaemonSet, yield* workload(DaemonSet, "app.example/app:v2"), OURS);
      const second = yield* rolledOut;
      assert.notStrictEqual(second.generation?.id, first.generation?.id);
      assert.lengthOf(second.pods, 3);
    }),
  ),
  inCluster(
    "a DaemonSet whose new pods cannot start stands between two templates",
    Effect.gen(function* () {
      const [kubectl, { namespace }] = yield* Effect.all([Kubectl, Stage]);
      yield* kubectl.apply(DaemonSet, yield* workload(DaemonSet, "app.example/app:v1"), OURS);
      yield* rolledOut;
      yield* kubectl.apply(
        DaemonSet,
        yield* workload(DaemonSet, "app.example/app:never-ready"),
        OURS,
      );
      const [set] = yield* eventually(
        kubectl.list({ type: DaemonSet, namespace }),
        ([found]) =>
          found !== undefined && isDeepStrictEqual(workloadProgress(found).waitingFor, ONE_OF_3),
      );
      assert.deepInclude(workloadProgress(set as KubeObject), {
        ready: 2,
        waitingFor: ONE_OF_3,
      });
    }),
  ),
  inCluster(
    "what admission rewrites is stored so, and a dry run tells it beforehand",
    Effect.gen(function* () {
      const [kubectl, { mirroring }] = yield* Effect.all([Kubectl, Stage]);
      yield* mirroring;
      const asked = yield* workload(Deployment, "app.example/app:v1", { replicas: 0 });
      const made = yield* kubectl.apply(Deployment, asked, OURS);
      assert.strictEqual(imageOf(made), `${MIRROR}app.example/app:v1`);
      const containers = [{ name: "proxy", image: "app.example/app:v2" }];
      const { name, namespace = "" } = asked.metadata;
      const answer = yield* kubectl.patch(
        { type: Deployment, name, namespace },
        { spec: { template: { spec: { containers } } } },
        { fieldManager: "case", dryRun: true },
      );
      assert.strictEqual(imageOf(answer), `${MIRROR}app.example/app:v2`);
      const again = yield* kubectl.apply(Deployment, asked, { ...OURS, dryRun: true });
      assert.strictEqual(imageOf(again), `${MIRROR}app.example/app:v1`);
      const live = yield* kubectl.list({ type: Deployment, namespace });
      assert.deepStrictEqual(live.map(imageOf), [`${MIRROR}app.example/app:v1`]);
    }),
  ),
];
