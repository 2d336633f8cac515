import { Context, Data, type Effect } from "effect";

export class FailureReportError extends Data.TaggedError("FailureReportError")<{
  readonly detail: string;
}> {
  override get message() {
    return this.detail;
  }
}

/** Keeps the evidence of a failed rollout where the operator finds it after the pods are gone. */
export class FailureReports extends Context.Service<
  FailureReports,
  {
    /**
     * Returns the file that holds the text.
     * @param subject becomes part of the file's name, e.g. `tars-revision-7`
     */
    readonly save: (subject: string, text: string) => Effect.Effect<string, FailureReportError>;
  }
>()("tare/services/FailureReports") {}
