/**
 * A record of what a run did when, to see why it took so long: `TARE_TRACE=<file>` appends each span as one line of JSON when
 * it ends. Names and labels only; no value of a release ever is an attribute of a span.
 */
import { closeSync, constants, fchmodSync, fstatSync, openSync, writeSync } from "node:fs";
import { type Exit, Layer, Option, Tracer } from "effect";
import { visibleJson } from "../../domain/text/visible.ts";

export interface TracedSpan {
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Is given each span when it ends, and how it ended. */
export type KeepSpan = (span: TracedSpan, exit: Exit.Exit<unknown, unknown>) => void;

const millis = (nanos: bigint): number => Number(nanos / 1_000n) / 1_000;

class RecordedSpan extends Tracer.NativeSpan {
  readonly #keep: KeepSpan;

  constructor(options: ConstructorParameters<typeof Tracer.NativeSpan>[0], keep: KeepSpan) {
    super(options);
    this.#keep = keep;
  }

  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    super.end(endTime, exit);
    const span = {
      name: this.name,
      id: this.spanId,
      parent: Option.getOrUndefined(this.parent)?.spanId,
      start: millis(this.startTime),
      end: millis(endTime),
      attributes: Object.fromEntries(this.attributes),
    };
    this.#keep(span, exit);
  }
}

/** A link in the file's place is not followed. */
const HOW =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** A file that cannot be written is no reason to stop a run. */
const appendTo =
  (file: string): KeepSpan =>
  (span) => {
    try {
      const descriptor = openSync(file, HOW, 0o600);
      try {
        // One that was there before may be open to others.
        if (fstatSync(descriptor).isFile()) fchmodSync(descriptor, 0o600);
        writeSync(descriptor, `${visibleJson(span)}\n`);
      } finally {
        closeSync(descriptor);
      }
    } catch {}
  };

/** None where no file is named. */
export const traceFile = (file: string | undefined): ReadonlyArray<KeepSpan> =>
  file === undefined || file === "" ? [] : [appendTo(file)];

export const layerTracer = (keepers: ReadonlyArray<KeepSpan>): Layer.Layer<never> => {
  if (keepers.length === 0) return Layer.empty;
  const keep: KeepSpan = (span, exit) => {
    for (const one of keepers) one(span, exit);
  };
  return Layer.succeed(
    Tracer.Tracer,
    Tracer.make({ span: (options) => new RecordedSpan(options, keep) }),
  );
};
