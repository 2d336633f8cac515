import { Context, Effect, Layer } from "effect";
import type { ReportEvent } from "../../domain/report/report.ts";
import type { Warning } from "../../domain/report/warning.ts";

/** Where a run says what it does. Phases report data; the layer behind this service is the only one that renders. */
export class Reporter extends Context.Service<
  Reporter,
  { readonly report: (event: ReportEvent) => Effect.Effect<void> }
>()("tare/services/Reporter") {
  /** For programs that embed phases and want nothing printed. */
  static readonly layerSilent: Layer.Layer<Reporter> = Layer.succeed(
    Reporter,
    Reporter.of({ report: () => Effect.void }),
  );
}

export const report = (event: ReportEvent): Effect.Effect<void, never, Reporter> =>
  Effect.flatMap(Reporter, (reporter) => reporter.report(event));

export const warn = (warning: Warning): Effect.Effect<void, never, Reporter> =>
  report({ _tag: "Warning", warning });
