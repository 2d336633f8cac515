/** Why running proxies will not be held, as far as it can be known before anything is written. */
import { type Duration, Schema } from "effect";
import type { KubeObject } from "../kube/objects.ts";
import { isProxyOf } from "../rollout/view.ts";
import { runningDrain } from "../streams/running-drain.ts";
import { type ShortDrain, shortDrains } from "../streams/short-drain.ts";
import { type DrainFacts, lengthenings } from "./lengthen.ts";

export const UnheldReason = Schema.Union([
  /** A proxy is held in exchange for one that is there already, and a DaemonSet starts the next when the last has gone. */
  Schema.Struct({ _tag: Schema.Literal("DaemonSet"), name: Schema.String }),
  /** There is none to write the longer drain to. */
  Schema.Struct({ _tag: Schema.Literal("NoEnvoyProxy"), deployment: Schema.String }),
  Schema.Struct({ _tag: Schema.Literal("OldKubernetes"), version: Schema.String }),
  /** E.g. `create jobs.batch in namespace tars-dataplane`. */
  Schema.Struct({ _tag: Schema.Literal("Forbidden"), lacking: Schema.Array(Schema.String) }),
]);
export type UnheldReason = typeof UnheldReason.Type;

/** Proxies whose streams end with a drain that is shorter than what is asked for. */
interface Unheld {
  readonly workload: KubeObject;
  readonly drain: ShortDrain;
  readonly why: UnheldReason;
}

interface UnheldFacts extends DrainFacts {
  readonly daemonSets: ReadonlyArray<KubeObject>;
  /** Why this run can hold none, e.g. for want of permissions; `undefined` when it can. */
  readonly obstacle: UnheldReason | undefined;
}

const noEnvoyProxy = (deployment: string): UnheldReason => ({ _tag: "NoEnvoyProxy", deployment });

export const unheldProxies = (
  { daemonSets, obstacle, ...facts }: UnheldFacts,
  where: { readonly dataplaneNamespace: string; readonly asked: Duration.Duration },
): ReadonlyArray<Unheld> => {
  const { dataplaneNamespace, asked } = where;
  const ofDeployments = lengthenings(facts, where).flatMap(({ workload, drain, envoyProxy }) => {
    const why = obstacle ?? (envoyProxy === undefined ? noEnvoyProxy(drain.deployment) : undefined);
    return why === undefined ? [] : [{ workload, drain, why }];
  });
  const ofDaemonSets = daemonSets
    .filter((one) => isProxyOf(one, dataplaneNamespace))
    .flatMap((workload) =>
      shortDrains([runningDrain(workload)], asked).map((drain) => ({
        workload,
        drain,
        why: { _tag: "DaemonSet", name: workload.metadata.name } as const,
      })),
    );
  return [...ofDeployments, ...ofDaemonSets];
};

/** Admission policies that tell one deletion from another are served from this version of Kubernetes on. */
export const POLICIES_SINCE_MINOR = 30;

export const policyObstacle = (version: {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}): UnheldReason | undefined =>
  version.major > 1 || version.minor >= POLICIES_SINCE_MINOR
    ? undefined
    : { _tag: "OldKubernetes", version: version.text };

/** @param lacking e.g. `create jobs.batch in namespace tars-dataplane` */
export const rightsObstacle = (lacking: ReadonlyArray<string>): UnheldReason | undefined =>
  lacking.length === 0 ? undefined : { _tag: "Forbidden", lacking };
