import { Context, type Duration, type Effect } from "effect";
import type { DeploymentProgress } from "../domain/data-plane.ts";
import type { KubectlError } from "./Kubectl.ts";

export interface GateRequest {
  readonly systemNamespace: string;
  readonly dataplaneNamespace: string;
  readonly budget: Duration.Duration;
  /** The data plane must stay ready and unchanged for this long. */
  readonly settleTime: Duration.Duration;
  readonly onProgress: (deployments: ReadonlyArray<DeploymentProgress>) => Effect.Effect<void>;
}

export type DataPlaneOutcome =
  | { readonly _tag: "Settled"; readonly deployments: ReadonlyArray<DeploymentProgress> }
  /** There is no Gateway in the data-plane namespace, so there is nothing to wait for. */
  | { readonly _tag: "Absent" }
  | {
      readonly _tag: "NotSettled";
      readonly why: string;
      readonly deployments: ReadonlyArray<DeploymentProgress>;
    };

/**
 * Follows the data plane that Helm cannot see until it runs what the current EnvoyProxy asks for. Passing failures of
 * the API server are waited out; `KubectlError` means that it will not answer this run at all (rights).
 */
export class RolloutGate extends Context.Service<
  RolloutGate,
  {
    readonly await: (request: GateRequest) => Effect.Effect<DataPlaneOutcome, KubectlError>;
  }
>()("tare/services/RolloutGate") {}
