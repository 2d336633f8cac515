import { Context, type Duration, type Effect, type Scope } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import type { PriorState } from "../../domain/rollout/baseline/prior-state.ts";
import type { WorkloadProgress } from "../../domain/rollout/progress.ts";
import type { FailureReport } from "../../domain/rollout/trouble/failure-report.ts";
import type { Obstacle } from "../../domain/rollout/trouble/obstacle.ts";
import type { RootCause } from "../../domain/rollout/verdict.ts";
import type { KubectlError } from "../kube/Kubectl.ts";

export interface FollowRequest {
  /** Its namespace is the system namespace, where the EnvoyProxies and the release's own workloads are. */
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
  /**
   * Objects that say what Envoy Gateway must make: EnvoyProxies and the ConfigMap of its settings; left out, the live ones. A
   * rollback that did not reach them must not pass for one that did.
   */
  readonly wanted?: ReadonlyArray<KubeObject> | undefined;
  /** How everything was before the run wrote anything. Without it, everything must be as it should be. */
  readonly prior?: PriorState | undefined;
  /** This run has written before: the templates that are there now are its own, or what it goes back to. */
  readonly isUnderWay?: boolean;
  /** Told whenever it changed, the data plane first. */
  readonly onProgress: (workloads: ReadonlyArray<WorkloadProgress>) => Effect.Effect<void>;
}

export interface GateRequest {
  readonly budget: Duration.Duration;
  /** The data plane must stay ready and unchanged for this long. */
  readonly settleTime: Duration.Duration;
  /** Give up as soon as a pod of a new template cannot recover. */
  readonly failFast: boolean;
  /** Nothing but proxies was changed: whatever else Envoy Gateway made may be as it is. */
  readonly proxiesOnly?: boolean;
  /** Going back: what was not well before need not be well again, only no worse. */
  readonly asBefore?: boolean;
  /** The release's own workloads must be up as well: Helm was not asked to wait for them. */
  readonly withRelease?: boolean;
}

/** Why a rollout fails, as far as can be seen by now. */
export interface Diagnosis {
  readonly cause: RootCause;
  readonly failureReport: FailureReport;
}

export type DataPlaneOutcome =
  | { readonly _tag: "Settled"; readonly workloads: ReadonlyArray<WorkloadProgress> }
  /** There is no Gateway in the data-plane namespace, so there is nothing to wait for. */
  | { readonly _tag: "Absent" }
  | {
      readonly _tag: "NotSettled";
      readonly why: Obstacle;
      readonly diagnosis: Diagnosis | undefined;
    };

/** A rollout that is being followed. What was current when following began does not count as its doing. */
export interface Rollout {
  /** Ends when a pod of a new template cannot recover; never otherwise. */
  readonly doomed: Effect.Effect<Diagnosis>;
  /** The newest evidence of what is wrong; nothing when nothing was seen to be. Pods that are gone are remembered. */
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
  /**
   * Ends when what Envoy Gateway made, which Helm cannot see, runs what the current EnvoyProxies and the controller's
   * settings ask for, and has done so for the settling time. Failures of the API server are waited out within the budget.
   */
  readonly settled: (request: GateRequest) => Effect.Effect<DataPlaneOutcome>;
}

/** Sees what Helm does not: the data plane, and why pods do not become ready. */
export class RolloutGate extends Context.Service<
  RolloutGate,
  {
    /** Follows until the scope closes. Returns when the first look at the cluster is done, or has failed. */
    readonly follow: (request: FollowRequest) => Effect.Effect<Rollout, never, Scope.Scope>;
    /** One look at everything that a rollout is about. */
    readonly priorState: (
      where: Pick<FollowRequest, "release" | "dataplaneNamespace">,
    ) => Effect.Effect<PriorState, KubectlError>;
  }
>()("tare/services/RolloutGate") {}
