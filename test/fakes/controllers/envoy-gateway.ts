import { isDeepStrictEqual } from "node:util";
import { Context, Duration, Effect, Layer, Ref } from "effect";
import {
  ConfigMap,
  DaemonSet,
  Deployment,
  EnvoyProxy,
  fieldAt,
  Gateway,
  GatewayClass,
  type KubeObject,
  numberAt,
  refOf,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { OWNING_GATEWAY_LABEL } from "../../../src/domain/rollout/data-plane.ts";
import { OWNING_GATEWAY_NAMESPACE_LABEL } from "../../../src/domain/rollout/view.ts";
import { parseGoDuration } from "../../../src/domain/text/go-duration.ts";
import { type Change, FakeCluster } from "../cluster/FakeCluster.ts";
import { applied } from "../cluster/ownership.ts";
import { keyOf } from "../cluster/store.ts";

const MANAGER = "envoy-gateway";
const REACTS_AFTER = Duration.seconds(1);
const DEFAULT_IMAGE = "docker.io/envoyproxy/envoy:distroless-v1.35.0";
/** Envoy Gateway's own default, and what it adds for the shutdown to end in. */
const DEFAULT_DRAIN_SECONDS = 60;
const GRACE_MARGIN_SECONDS = 300;

/** The floor of the HPA; above it, load decides, and there is none here. */
const floorOf = (proxy: KubeObject | undefined): number =>
  numberAt(proxy, "spec", "provider", "kubernetes", "envoyHpa", "minReplicas") ?? 1;

const secondsOf = (proxy: KubeObject | undefined, field: string): number | undefined => {
  const given = parseGoDuration(stringAt(proxy, "spec", "shutdown", field) ?? "");
  return given === undefined ? undefined : Duration.toSeconds(given);
};

const flag = (name: string, seconds: number | undefined): ReadonlyArray<string> =>
  seconds === undefined ? [] : [`--${name}=${seconds}s`];

/** The container that holds Envoy's end back until its connections are done. */
const shutdownManager = (proxy: KubeObject | undefined) => ({
  name: "shutdown-manager",
  image: "docker.io/envoyproxy/gateway:v1.8.3",
  lifecycle: {
    preStop: {
      exec: {
        command: [
          "envoy-gateway",
          "envoy",
          "shutdown",
          ...flag("drain-timeout", secondsOf(proxy, "drainTimeout")),
          ...flag("min-drain-duration", secondsOf(proxy, "minDrainDuration")),
        ],
      },
    },
  },
});

const asksForDaemonSet = (proxy: KubeObject | undefined): boolean =>
  fieldAt(proxy, "spec", "provider", "kubernetes", "envoyDaemonSet") !== undefined;

const imageOf = (proxy: KubeObject | undefined): string =>
  stringAt(
    proxy,
    ...["spec", "provider", "kubernetes"],
    asksForDaemonSet(proxy) ? "envoyDaemonSet" : "envoyDeployment",
    ...["container", "image"],
  ) ?? DEFAULT_IMAGE;

/** What the pod is to have beside the containers. */
const podOf = (asked: unknown): object => {
  const secrets = fieldAt(asked, "pod", "imagePullSecrets");
  return secrets === undefined ? {} : { imagePullSecrets: secrets };
};

const strategyOf = (proxy: KubeObject | undefined): object => {
  const strategy = fieldAt(proxy, "spec", "provider", "kubernetes", "envoyDeployment", "strategy");
  return strategy === undefined ? {} : { strategy };
};

/** What the controller makes for a Gateway, in GatewayNamespace mode: a Deployment of the same name beside it. */
export const proxyDeployment = (
  gateway: KubeObject,
  proxy: KubeObject | undefined,
  live: KubeObject | undefined,
): KubeObject => {
  const { name, namespace = "" } = gateway.metadata;
  const drain = secondsOf(proxy, "drainTimeout") ?? DEFAULT_DRAIN_SECONDS;
  const labels = {
    "app.kubernetes.io/managed-by": MANAGER,
    [OWNING_GATEWAY_LABEL]: name,
    [OWNING_GATEWAY_NAMESPACE_LABEL]: namespace,
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas: Math.max(floorOf(proxy), numberAt(live, "spec", "replicas") ?? 0),
      selector: { matchLabels: labels },
      ...strategyOf(proxy),
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: drain + GRACE_MARGIN_SECONDS,
          ...podOf(fieldAt(proxy, "spec", "provider", "kubernetes", "envoyDeployment")),
          containers: [{ name: "envoy", image: imageOf(proxy) }, shutdownManager(proxy)],
        },
      },
    },
  };
};

/** The same on every node, where the EnvoyProxy asks for that. */
const proxyDaemonSet = (gateway: KubeObject, proxy: KubeObject | undefined): KubeObject => {
  const { spec, ...deployment } = proxyDeployment(gateway, proxy, undefined);
  const { replicas: _, strategy: __, ...rest } = spec as Record<string, unknown>;
  return { ...deployment, kind: DaemonSet.kind, spec: rest } as KubeObject;
};

export const CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller";

interface Config {
  readonly classes: ReadonlyArray<KubeObject>;
  readonly proxies: ReadonlyArray<KubeObject>;
}

const classOf = ({ classes }: Config, gateway: KubeObject): KubeObject | undefined =>
  classes.find(({ metadata }) => metadata.name === fieldAt(gateway, "spec", "gatewayClassName"));

/** A cluster without any class is a simple one: all Gateways are this controller's. */
const isMine = (config: Config, gateway: KubeObject): boolean =>
  config.classes.length === 0 ||
  stringAt(classOf(config, gateway), "spec", "controllerName") === CONTROLLER;

const namedIn = (
  { proxies }: Config,
  reference: unknown,
  namespace: string | undefined,
): KubeObject | undefined =>
  proxies.find(
    ({ metadata }) =>
      metadata.name === fieldAt(reference, "name") && metadata.namespace === namespace,
  );

const proxyFor = (config: Config, gateway: KubeObject): KubeObject | undefined => {
  const own = fieldAt(gateway, "spec", "infrastructure", "parametersRef");
  const ofClass = fieldAt(classOf(config, gateway), "spec", "parametersRef");
  return (
    namedIn(config, own, gateway.metadata.namespace) ??
    namedIn(config, ofClass, stringAt(ofClass, "namespace")) ??
    (config.classes.length === 0 ? config.proxies[0] : undefined)
  );
};

const SETTINGS = "envoy-gateway-config";
const RATE_LIMITER = "envoy-ratelimit";
const limiterLabels = {
  "app.kubernetes.io/name": RATE_LIMITER,
  "app.kubernetes.io/component": "ratelimit",
  "app.kubernetes.io/managed-by": MANAGER,
};

/** What the controller makes beside itself, when its settings name a backend for rate limits. */
const rateLimiter = (configMap: KubeObject): KubeObject | undefined => {
  const settings: unknown = JSON.parse(stringAt(configMap, "data", "envoy-gateway.yaml") ?? "{}");
  if (fieldAt(settings, "rateLimit") === undefined) return undefined;
  const asked = fieldAt(settings, "provider", "kubernetes", "rateLimitDeployment");
  const { namespace = "" } = configMap.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: RATE_LIMITER, namespace, labels: limiterLabels },
    spec: {
      replicas: numberAt(asked, "replicas") ?? 1,
      selector: { matchLabels: limiterLabels },
      template: {
        metadata: { labels: limiterLabels },
        spec: {
          ...podOf(asked),
          containers: [{ name: RATE_LIMITER, image: stringAt(asked, "container", "image") }],
        },
      },
    },
  };
};

/** Turns Gateways and the EnvoyProxy into data-plane Deployments, and its settings into a rate limiter. */
export class FakeEnvoyGateway extends Context.Service<
  FakeEnvoyGateway,
  {
    /** Does now what the controller would do after a change. */
    readonly reconcile: Effect.Effect<void>;
    /** A controller that is down notices nothing. */
    readonly setAwake: (awake: boolean) => Effect.Effect<void>;
  }
>()("tare/testing/FakeEnvoyGateway") {
  static readonly layer: Layer.Layer<FakeEnvoyGateway, never, FakeCluster> = Layer.effect(
    FakeEnvoyGateway,
    Effect.suspend(() => make),
  );
}

const make = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const awake = yield* Ref.make(true);

  const reconcileLimiters = Effect.gen(function* () {
    const configMaps = yield* cluster.all(ConfigMap);
    for (const configMap of configMaps.filter(({ metadata }) => metadata.name === SETTINGS)) {
      const wanted = rateLimiter(configMap);
      const { namespace = "" } = configMap.metadata;
      const ref = { type: Deployment, name: RATE_LIMITER, namespace };
      yield* Effect.ignore(
        wanted === undefined
          ? cluster.remove(ref)
          : cluster.write(ref, (live) => applied(live, wanted, MANAGER, true)),
      );
    }
    // Owned by the controller's Deployment, it goes with it.
    const served = new Set(
      configMaps.flatMap(({ metadata: { name, namespace } }) =>
        name === SETTINGS ? [namespace] : [],
      ),
    );
    for (const { metadata } of yield* cluster.all(Deployment)) {
      const { name, namespace = "" } = metadata;
      if (name === RATE_LIMITER && !served.has(namespace)) {
        yield* Effect.ignore(cluster.remove({ type: Deployment, name, namespace }));
      }
    }
  });

  const reconcile = Effect.gen(function* () {
    yield* reconcileLimiters;
    const config: Config = {
      classes: yield* cluster.all(GatewayClass),
      proxies: yield* cluster.all(EnvoyProxy),
    };
    const all = yield* cluster.all(Gateway);
    const gateways = all.filter((gateway) => isMine(config, gateway));
    const made = new Set<string>();
    for (const gateway of gateways) {
      const proxy = proxyFor(config, gateway);
      const type = asksForDaemonSet(proxy) ? DaemonSet : Deployment;
      const ref = refOf(type, { ...gateway, kind: type.kind });
      made.add(keyOf(ref));
      yield* Effect.ignore(
        cluster.write(ref, (live) => {
          const wanted =
            type === DaemonSet
              ? proxyDaemonSet(gateway, proxy)
              : proxyDeployment(gateway, proxy, live?.object);
          return applied(live, wanted, MANAGER, true);
        }),
      );
    }
    for (const type of [Deployment, DaemonSet]) {
      for (const workload of yield* cluster.all(type)) {
        if (workload.metadata.labels?.[OWNING_GATEWAY_LABEL] === undefined) continue;
        const ref = refOf(type, workload);
        const isOthers = all.some(
          (gateway) =>
            !isMine(config, gateway) &&
            gateway.metadata.name === workload.metadata.labels?.[OWNING_GATEWAY_LABEL],
        );
        if (!made.has(keyOf(ref)) && !isOthers) yield* cluster.remove(ref);
      }
    }
  });

  const concernsMe = ({ type, before, after }: Change): boolean =>
    type.plural === ConfigMap.plural
      ? (after ?? before)?.metadata.name === SETTINGS &&
        !isDeepStrictEqual(fieldAt(before, "data"), fieldAt(after, "data"))
      : [EnvoyProxy.plural, Gateway.plural, GatewayClass.plural].includes(type.plural) &&
        fieldAt(before, "metadata", "generation") !== fieldAt(after, "metadata", "generation");

  yield* cluster.react((change) =>
    concernsMe(change)
      ? Effect.gen(function* () {
          yield* Effect.sleep(REACTS_AFTER);
          if (yield* Ref.get(awake)) yield* reconcile;
        })
      : undefined,
  );

  return FakeEnvoyGateway.of({ reconcile, setAwake: (next) => Ref.set(awake, next) });
});
