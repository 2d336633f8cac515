/** Which cluster to talk to, and with which tools, as the operator chose it. */
export interface ClusterChoice {
  /** `--kubeconfig`; else `KUBECONFIG` (several files are merged), else `~/.kube/config`, else the pod's own account. */
  readonly kubeconfig: string | undefined;
  /** `--context`; else the kubeconfig's current one. */
  readonly context: string | undefined;
  /** `--tools-dir`; `~/.tare/tools` when it was not given. */
  readonly toolsDir?: string;
}

/** Of what reaches no cluster. */
export type ToolsChoice = Pick<ClusterChoice, "toolsDir">;
