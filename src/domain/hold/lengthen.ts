/** A longer drain for the proxies, given to them by the EnvoyProxy that they are made from. */
import { Duration } from "effect";
import { copyPath, getPath, isJsonObject, type JsonObject, setPath } from "../kube/json.ts";
import { type KubeObject, numberAt } from "../kube/objects.ts";
import { isForeign, proxyOfDeployment } from "../rollout/baseline/gateways.ts";
import { quietTime } from "../rollout/verdict.ts";
import { isProxyOf, type RolloutView } from "../rollout/view.ts";
import { runningDrain } from "../streams/running-drain.ts";
import { type ShortDrain, shortDrains } from "../streams/short-drain.ts";

export interface DrainFacts
  extends Pick<RolloutView, "envoyProxies" | "gateways" | "gatewayClasses" | "release"> {
  readonly deployments: ReadonlyArray<KubeObject>;
}

export interface Lengthening {
  /** The Deployment whose proxies have the shorter drain. */
  readonly workload: KubeObject;
  readonly drain: ShortDrain;
  /** Of the proxies of this Deployment; `undefined` where there is none to write the drain to. */
  readonly envoyProxy: KubeObject | undefined;
}

export const lengthenings = (
  { deployments, ...config }: DrainFacts,
  {
    dataplaneNamespace,
    asked,
  }: {
    readonly dataplaneNamespace: string;
    readonly asked: Duration.Duration;
  },
): ReadonlyArray<Lengthening> => {
  const proxies = deployments.filter(
    (deployment) => isProxyOf(deployment, dataplaneNamespace) && !isForeign(config, deployment),
  );
  return proxies.flatMap((deployment) =>
    shortDrains([runningDrain(deployment)], asked).map((drain) => ({
      workload: deployment,
      drain,
      envoyProxy: proxyOfDeployment(config, deployment),
    })),
  );
};

/** Until proxies with the longer drain are ready, which start all at once from an image that their nodes have. */
const START_UP = Duration.minutes(2);

const startUpOf = (deployment: KubeObject): Duration.Duration =>
  Duration.sum(START_UP, Duration.seconds(numberAt(deployment, "spec", "minReadySeconds") ?? 0));

/** How long proxies with the longer drain may take to come. The upgrade itself still has all of its `timeout` afterwards. */
export const lengtheningBudget = (
  deployments: ReadonlyArray<KubeObject>,
  limits: { readonly timeout: Duration.Duration; readonly settleTime: Duration.Duration },
): Duration.Duration => {
  const slowest = deployments.map(startUpOf).reduce(Duration.max, Duration.zero);
  return Duration.min(limits.timeout, Duration.sum(slowest, quietTime(limits.settleTime)));
};

const DRAIN_TIMEOUT = ["shutdown", "drainTimeout"];
const STRATEGY = ["provider", "kubernetes", "envoyDeployment", "strategy"];
const CHANGED = [DRAIN_TIMEOUT, STRATEGY];

/** The old ones stay as long as their streams in any case: replacing one after the other would need as much room, and a turn for each. */
const ALL_AT_ONCE = "100%";

const withSpec = (envoyProxy: KubeObject, spec: JsonObject): KubeObject => ({
  ...envoyProxy,
  spec,
});

const specOf = ({ spec }: KubeObject): JsonObject => (isJsonObject(spec) ? spec : {});

/** So that its proxies are replaced, all at once, by some that drain for so long. */
export const lengthened = (envoyProxy: KubeObject, drain: Duration.Duration): KubeObject => {
  const spec = setPath(
    specOf(envoyProxy),
    DRAIN_TIMEOUT,
    `${Math.ceil(Duration.toSeconds(drain))}s`,
  );
  const isRecreated = getPath(spec, [...STRATEGY, "type"]) === "Recreate";
  return withSpec(
    envoyProxy,
    isRecreated ? spec : setPath(spec, [...STRATEGY, "rollingUpdate", "maxSurge"], ALL_AT_ONCE),
  );
};

/** `live` as `before` was where {@link lengthened} changes it. */
export const asBefore = (live: KubeObject, before: KubeObject): KubeObject =>
  withSpec(
    live,
    CHANGED.reduce((spec, path) => copyPath(spec, specOf(before), path), specOf(live)),
  );
