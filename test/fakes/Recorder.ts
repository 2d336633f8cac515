import { Clock, Context, Effect, Layer, Ref } from "effect";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import { warningText } from "../../src/render/warnings/warning.ts";
import { Reporter } from "../../src/services/report/Reporter.ts";

export interface RecordedEvent {
  readonly at: number;
  readonly event: ReportEvent;
}

/** A Reporter that keeps what it is told. */
export class Recorder extends Context.Service<
  Recorder,
  {
    readonly timeline: Effect.Effect<ReadonlyArray<RecordedEvent>>;
    readonly events: Effect.Effect<ReadonlyArray<ReportEvent>>;
    readonly warnings: Effect.Effect<ReadonlyArray<string>>;
  }
>()("tare/testing/Recorder") {
  static readonly layer: Layer.Layer<Recorder | Reporter> = Layer.effectContext(
    Effect.gen(function* () {
      const timeline = yield* Ref.make<ReadonlyArray<RecordedEvent>>([]);
      const events = Effect.map(Ref.get(timeline), (all) => all.map(({ event }) => event));
      const recorder = Recorder.of({
        timeline: Ref.get(timeline),
        events,
        warnings: Effect.map(events, (all) =>
          all.flatMap((event) => (event._tag === "Warning" ? [warningText(event.warning)] : [])),
        ),
      });
      const reporter = Reporter.of({
        report: (event) =>
          Effect.flatMap(Clock.currentTimeMillis, (at) =>
            Ref.update(timeline, (all) => [...all, { at, event }]),
          ),
      });
      return Context.make(Recorder, recorder).pipe(Context.add(Reporter, reporter));
    }),
  );
}
