/** Why running proxies will not be held, as far as it can be known before anything is written. */
import type { Duration } from "effect";
import { runningDrain } from "../drain/running-drain.ts";
import { type ShortDrain, shortDrains } from "../drain/short-drain.ts";
import { DaemonSet, type KubeObject } from "../kube.ts";
import { isProxyOf } from "../rollout/view.ts";
import { type DrainFacts, lengthenings } from "./lengthen.ts";

/** Proxies whose streams end with a drain that is shorter than what is asked for. */
export interface Unheld {
  readonly workload: KubeObject;
  readonly drain: ShortDrain;
  readonly why: string;
}

export interface UnheldFacts extends DrainFacts {
  readonly daemonSets: ReadonlyArray<KubeObject>;
  /** Why this run can hold none, e.g. for want of permissions; `undefined` when it can. */
  readonly obstacle: string | undefined;
}

/** A proxy is held in exchange for one that is there already, and a DaemonSet starts the next when the last has gone. */
const daemonSetText = (name: string): string =>
  `those of ${DaemonSet.kind} ${name} cannot be held, which is done for Deployments only`;

const noEnvoyProxyText = (name: string): string =>
  `no EnvoyProxy was found to lengthen the drain of ${name}`;

export const unheldProxies = (
  { daemonSets, obstacle, ...facts }: UnheldFacts,
  where: { readonly dataplaneNamespace: string; readonly asked: Duration.Duration },
): ReadonlyArray<Unheld> => {
  const { dataplaneNamespace, asked } = where;
  const ofDeployments = lengthenings(facts, where).flatMap(({ workload, drain, envoyProxy }) => {
    const why =
      obstacle ?? (envoyProxy === undefined ? noEnvoyProxyText(drain.deployment) : undefined);
    return why === undefined ? [] : [{ workload, drain, why }];
  });
  const ofDaemonSets = daemonSets
    .filter((one) => isProxyOf(one, dataplaneNamespace))
    .flatMap((workload) =>
      shortDrains([runningDrain(workload)], asked).map((drain) => ({
        workload,
        drain,
        why: daemonSetText(workload.metadata.name),
      })),
    );
  return [...ofDeployments, ...ofDaemonSets];
};

/** Admission policies that tell one deletion from another are served from this version of Kubernetes on. */
const POLICIES_SINCE_MINOR = 30;

export const policyObstacle = (version: {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}): string | undefined =>
  version.major > 1 || version.minor >= POLICIES_SINCE_MINOR
    ? undefined
    : `they cannot be held on Kubernetes ${version.text}, which has no ValidatingAdmissionPolicy of version v1 (1.${POLICIES_SINCE_MINOR} has)`;

/** @param lacking e.g. `create jobs.batch in namespace tars-dataplane` */
export const rightsObstacle = (lacking: ReadonlyArray<string>): string | undefined =>
  lacking.length === 0
    ? undefined
    : `this account is not allowed to hold them (it cannot ${lacking.join("; ")})`;
