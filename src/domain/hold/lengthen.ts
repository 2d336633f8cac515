/** A longer drain for the proxies, given to them by the EnvoyProxy that they are made from. */
import { Duration } from "effect";
import { runningDrain } from "../drain/running-drain.ts";
import { type ShortDrain, shortDrains } from "../drain/short-drain.ts";
import { fieldAt, type KubeObject } from "../kube.ts";
import { proxyOfDeployment } from "../rollout/expectation.ts";
import { isProxyOf, type RolloutView } from "../rollout/view.ts";

export interface DrainFacts
  extends Pick<RolloutView, "envoyProxies" | "gateways" | "gatewayClasses"> {
  readonly deployments: ReadonlyArray<KubeObject>;
}

export interface Lengthening {
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
  const proxies = deployments.filter((deployment) => isProxyOf(deployment, dataplaneNamespace));
  return proxies.flatMap((deployment) =>
    shortDrains([runningDrain(deployment)], asked).map((drain) => ({
      drain,
      envoyProxy: proxyOfDeployment(config, deployment),
    })),
  );
};

const withShutdown = (envoyProxy: KubeObject, shutdown: unknown): KubeObject => ({
  ...envoyProxy,
  spec: { ...(envoyProxy.spec as object | undefined), shutdown },
});

export const withDrain = (envoyProxy: KubeObject, drain: Duration.Duration): KubeObject =>
  withShutdown(envoyProxy, {
    ...(fieldAt(envoyProxy, "spec", "shutdown") as object | undefined),
    drainTimeout: `${Math.ceil(Duration.toSeconds(drain))}s`,
  });

/** `live` with the shutdown settings that `before` had. */
export const withDrainOf = (live: KubeObject, before: KubeObject): KubeObject => {
  const shutdown = fieldAt(before, "spec", "shutdown");
  if (shutdown !== undefined) return withShutdown(live, shutdown);
  const { shutdown: _, ...spec } = live.spec as { readonly shutdown?: unknown };
  return { ...live, spec };
};
