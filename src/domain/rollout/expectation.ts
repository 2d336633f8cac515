/** Which proxies the Gateways must have, and what each must run. */

import { DaemonSet, fieldAt, type KubeObject, numberAt } from "../kube/objects.ts";
import { type AskedWorkload, askedTemplate } from "./baseline/asked-template.ts";
import {
  type Config,
  isOurs,
  isServedBy,
  mustBeServed,
  proxyOfDeployment,
  refusal,
} from "./baseline/gateways.ts";
import { allNew, askedGraceSeconds, type DeploymentProgress } from "./data-plane.ts";
import { type Difference, stalenessOf, type Tree } from "./difference.ts";
import { refusalOf, unexplained } from "./trouble/unexplained.ts";
import type { Staleness, WaitingFor } from "./trouble/waiting-for.ts";
import { keyOfObject } from "./view.ts";
import { isPaused, pausedProgress, workloadProgress } from "./workload-progress.ts";

const settingsOf = (proxy: KubeObject, { kind }: KubeObject): AskedWorkload => ({
  kind,
  settings: fieldAt(
    proxy,
    ...["spec", "provider", "kubernetes"],
    kind === DaemonSet.kind ? "envoyDaemonSet" : "envoyDeployment",
  ),
  container: "envoy",
  graceSeconds: askedGraceSeconds(proxy),
});

/** What its EnvoyProxy asks of a workload; `undefined` where there is none. */
export const askedOfProxy = (config: Config, workload: KubeObject): Tree | undefined => {
  const proxy = proxyOfDeployment(config, workload);
  return proxy === undefined ? undefined : askedTemplate(settingsOf(proxy, workload));
};

const GRACE = /terminationGracePeriodSeconds$/;

/** A grace period is reported as the drain that it is for. */
const stalenessFor = (config: Config, workload: KubeObject, difference: Difference): Staleness => {
  const proxy = proxyOfDeployment(config, workload);
  const grace = proxy && askedGraceSeconds(proxy);
  const found = numberAt(workload, "spec", "template", "spec", "terminationGracePeriodSeconds");
  return grace !== undefined && GRACE.test(difference.path) && difference.asked === grace
    ? { _tag: "DrainTime", found, asked: grace }
    : stalenessOf(difference);
};

/** What of the live workload is not as its EnvoyProxy asks, and is not the cluster's own doing. */
export const staleness = (config: Config, workload: KubeObject): WaitingFor | undefined => {
  const asked = askedOfProxy(config, workload);
  const difference = asked && unexplained(config, workload, asked)[0];
  if (asked === undefined || difference === undefined) return undefined;
  return {
    _tag: "Stale",
    staleness: stalenessFor(config, workload, difference),
    refusal: refusalOf(config, workload, asked),
  };
};

const isKept = ({ prior }: Config, workload: KubeObject): boolean =>
  isPaused(workload) && prior?.workloads.get(keyOfObject(workload))?.paused === true;

/** What is to be known of one workload, or of one that should be there. */
export interface Entry {
  readonly progress: DeploymentProgress;
  readonly object: KubeObject | undefined;
  /** The Gateway that has no workload. */
  readonly gateway?: KubeObject;
  /** It is not what it is asked to be. */
  readonly stale: boolean;
}

/** The state of the whole data plane: one entry for each workload, and for each Gateway that misses one. */
export const dataPlaneEntries = (
  config: Config,
  workloads: ReadonlyArray<KubeObject>,
  isEarlier = allNew,
): ReadonlyArray<Entry> => {
  const gateways = config.gateways.filter((gateway) => isOurs(config, gateway));
  const refused = (workload: KubeObject) =>
    gateways
      .filter((gateway) => isServedBy(gateway, workload))
      .map((gateway) => refusal(config, gateway))
      .find((found) => found !== undefined);
  return [
    ...workloads.map((object): Entry => {
      const progress = isKept(config, object)
        ? pausedProgress(object)
        : workloadProgress(object, isEarlier);
      const stale = staleness(config, object);
      const waitingFor = refused(object) ?? stale ?? progress.waitingFor;
      return { progress: { ...progress, waitingFor }, object, stale: stale !== undefined };
    }),
    ...gateways
      .filter((gateway) => mustBeServed(config, gateway))
      .filter((gateway) => !workloads.some((one) => isServedBy(gateway, one)))
      .map((gateway): Entry => {
        const waitingFor = refusal(config, gateway) ?? { _tag: "Deployment" };
        const { name } = gateway.metadata;
        return {
          progress: { name, ready: 0, desired: 1, waitingFor },
          object: undefined,
          gateway,
          stale: false,
        };
      }),
  ];
};
