import { Data, Runtime } from "effect";

/** The run has said what went wrong; only its exit code is left to deliver. */
export class RunFailed extends Data.TaggedError("RunFailed")<{ readonly exitCode: number }> {
  override readonly [Runtime.errorExitCode] = this.exitCode;
  override readonly [Runtime.errorReported] = false;
}
