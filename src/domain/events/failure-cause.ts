import type { RunRecord } from "../run/run-journal.ts";

/** Why an operation of the deployment history failed. */
export type FailureCause =
  /** In the words of Helm, or of the run itself. */
  | { readonly _tag: "Said"; readonly text: string }
  | { readonly _tag: "HelmSilent" }
  | { readonly _tag: "DataPlaneDown" }
  /** The run that made the revision ended before its gate. */
  | { readonly _tag: "GateUnfinished" }
  /** Helm never finished it. */
  | { readonly _tag: "LeftPending"; readonly status: string }
  | { readonly _tag: "RunDied"; readonly run: RunRecord }
  /** The same where no journal tells of the run. */
  | { readonly _tag: "WorkerGone" }
  | { readonly _tag: "Interrupted" }
  | { readonly _tag: "InternalError" };

export const said = (text: string): FailureCause => ({ _tag: "Said", text });
