/** The evidence of a failed rollout: it outlives the pods it is about. */
import type { KubeObject } from "../../kube/objects.ts";
import type { WorkloadProgress } from "../progress.ts";
import type { RootCause } from "../verdict.ts";

export interface ContainerLog {
  readonly container: string;
  /** Of the run before the last restart. */
  readonly previous: boolean;
  readonly text: string;
}

/** One pod as it was when it was looked at last. */
export interface PodEvidence {
  readonly pod: KubeObject;
  readonly cause: RootCause;
  readonly events: ReadonlyArray<KubeObject>;
  readonly logs: ReadonlyArray<ContainerLog>;
  readonly atMillis: number;
}

export interface FailureReport {
  readonly cause: RootCause;
  readonly release: string;
  readonly atMillis: number;
  readonly workloads: ReadonlyArray<WorkloadProgress>;
  readonly pods: ReadonlyArray<PodEvidence>;
}
