import { Duration, Effect } from "effect";
import { haVerdict, proxiesInUse } from "../../../src/domain/checks/ha-verdict.ts";
import { scaleFloors } from "../../../src/domain/fields/kept-scale.ts";
import { changedPaths, fieldsOf } from "../../../src/domain/fields/object-diff.ts";
import { asBefore, lengthened } from "../../../src/domain/hold/lengthen.ts";
import { EnvoyProxy, type KubeObject } from "../../../src/domain/kube/objects.ts";
import { dataPlaneEntries } from "../../../src/domain/rollout/expectation.ts";
import { FakeCluster, TARS_EGRESS, world } from "../../fakes/index.ts";
import type { Dice } from "../../simulation/dice.ts";
import { cli, type Met, shown } from "../met.ts";
import { anything, mutated, type Path } from "../values.ts";
import type { Kind } from "./kind.ts";

/** All that a proxy can ask for and that is looked at, and a patch, which may hold anything. */
const ASKED = {
  telemetry: { accessLog: { settings: [{ sinks: [{ type: "File", file: { path: "/x" } }] }] } },
  shutdown: { drainTimeout: "300s", minDrainDuration: "30s" },
  provider: {
    type: "Kubernetes",
    kubernetes: {
      envoyHpa: { minReplicas: 2, maxReplicas: 4, metrics: [{ type: "Resource" }] },
      envoyPDB: { minAvailable: 1 },
      envoyService: { type: "LoadBalancer", annotations: { a: "b" } },
      envoyDeployment: {
        replicas: 2,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        container: { image: "gcr.io/acme/envoy:1", resources: { limits: { memory: "1Gi" } } },
        pod: { annotations: { a: "b" }, labels: { c: "d" } },
        patch: { type: "StrategicMerge", value: { spec: { template: { spec: { x: [1] } } } } },
      },
    },
  },
};

/** What finds it again. */
const isFree = (path: Path): boolean =>
  path[0] !== "apiVersion" &&
  path[0] !== "kind" &&
  (path[0] !== "metadata" || path[1] === "annotations" || path[1] === "labels");

const drawn = (dice: Dice, live: KubeObject | undefined): KubeObject => {
  const { apiVersion, kind, metadata } = live ?? {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "EnvoyProxy",
    metadata: { name: "second", namespace: TARS_EGRESS.namespace },
  };
  const spec = dice.chance(0.5) && live !== undefined ? live.spec : ASKED;
  const whole = { apiVersion, kind, metadata: { labels: { a: "b" }, ...metadata }, spec };
  return mutated(whole, dice, anything(dice, [50, 120]), isFree) as KubeObject;
};

const COMMANDS: ReadonlyArray<ReadonlyArray<string>> = [
  ["upgrade", "FOLDER/identity.json", "--plan"],
  ["upgrade", "FOLDER/identity.json", "--plan", "--allow-downtime", "--ha=false"],
  ["upgrade", "FOLDER/identity.json", "--plan", "--output", "json"],
];

const GATEWAY: KubeObject = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "egress", namespace: "tars-dataplane" },
  spec: { gatewayClassName: "tars" },
};

const CLASS: KubeObject = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "tars" },
  spec: { parametersRef: { kind: "EnvoyProxy", name: "second", namespace: TARS_EGRESS.namespace } },
};

/** As Envoy Gateway makes it. */
const DEPLOYMENT: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "egress",
    namespace: "tars-dataplane",
    labels: {
      "gateway.envoyproxy.io/owning-gateway-name": "egress",
      "gateway.envoyproxy.io/owning-gateway-namespace": "tars-dataplane",
    },
  },
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: "envoy", image: "gcr.io/acme/envoy:1" }] } },
  },
  status: { replicas: 2, readyReplicas: 2, observedGeneration: 1 },
};

/** What is decided of it. */
const read = (proxy: KubeObject): Met => {
  const config = { gateways: [GATEWAY], gatewayClasses: [CLASS], envoyProxies: [proxy] };
  const longer = lengthened(proxy, Duration.minutes(5));
  return shown([
    haVerdict(proxiesInUse(config)),
    dataPlaneEntries(config, [DEPLOYMENT]).map(({ progress }) => progress),
    scaleFloors([proxy], [longer]),
    asBefore(longer, proxy).metadata,
    changedPaths(fieldsOf(proxy), fieldsOf(longer)).slice(0, 20),
  ]);
};

const inTheCluster = (dice: Dice) =>
  Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    const live = dice.chance(0.8) ? yield* cluster.peek(TARS_EGRESS) : undefined;
    yield* cluster.seed(EnvoyProxy, drawn(dice, live), "somebody");
    return yield* cli(dice.pick(COMMANDS));
  }).pipe(Effect.provide(world()));

export const envoyProxies: Kind = {
  name: "EnvoyProxies",
  meet: (dice) =>
    dice.chance(0.95) ? Effect.sync(() => read(drawn(dice, undefined))) : inTheCluster(dice),
};
