/** Where the time of one upgrade goes, from the spans it wrote (`TARE_TRACE`). */
import { readFileSync } from "node:fs";
import type { TracedSpan } from "../src/services/disk/trace-file.ts";
import { median, millis } from "./measure.ts";

/** Milliseconds each; together they are the whole run. */
export interface Breakdown {
  /** From the start of the process to the first line of the command. */
  readonly started: number;
  /** Reads and checks, the rendering of the chart among them, until the CRDs' turn. */
  readonly checked: number;
  readonly crdsRehearsed: number;
  readonly crdsWritten: number;
  /** A last look at the release, the gate's record, the watches. */
  readonly prepared: number;
  readonly helm: number;
  /** What Helm did, read back. */
  readonly readBack: number;
  /** Waiting until the data plane has rolled out. */
  readonly gate: number;
  /** Records, the event, and the end of the process. */
  readonly ended: number;
  /** All of tare's own: without Helm, the gate and the CRDs. */
  readonly added: number;
}

export const readTrace = (file: string): ReadonlyArray<TracedSpan> =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TracedSpan);

const named = (spans: ReadonlyArray<TracedSpan>, name: string): TracedSpan => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`the trace has no span ${name}`);
  return found;
};

/** Milliseconds of the first span of that name. */
export const durationOf =
  (name: string) =>
  (spans: ReadonlyArray<TracedSpan>): number => {
    const { start, end } = named(spans, name);
    return end - start;
  };

/** Milliseconds from the first line of the command to the end of the first span of that name. */
export const untilEndOf =
  (name: string) =>
  (spans: ReadonlyArray<TracedSpan>): number =>
    named(spans, name).end - named(spans, "tare.command.upgrade").start;

export const breakdownOf = (
  spans: ReadonlyArray<TracedSpan>,
  startedAt: number,
  wholeMillis: number,
): Breakdown => {
  const [command, crds, gate] = [
    named(spans, "tare.command.upgrade"),
    named(spans, "tare.phase.apply-crds"),
    named(spans, "tare.gate"),
  ];
  const upgrade = named(spans, "tare.phase.helm-upgrade");
  const helm = named(
    // The dry run before it is an upgrade too.
    spans.filter(({ start }) => start >= upgrade.start),
    "Helm.upgrade",
  );
  const child = named(
    spans.filter(({ start }) => start >= helm.start),
    "helm",
  );
  const backup = spans.findLast(({ name }) => name === "CrdBackups.save");
  const rehearsed = backup === undefined ? 0 : backup.end - crds.start;
  const parts = {
    started: command.start - startedAt,
    checked: crds.start - command.start,
    crdsRehearsed: rehearsed,
    crdsWritten: upgrade.start - crds.start - rehearsed,
    prepared: child.start - upgrade.start,
    helm: child.end - child.start,
    readBack: gate.start - child.end,
    gate: gate.end - gate.start,
    ended: startedAt + wholeMillis - gate.end,
  };
  const { started, checked, prepared, readBack, ended } = parts;
  return { ...parts, added: started + checked + prepared + readBack + ended };
};

const ROWS: ReadonlyArray<readonly [string, keyof Breakdown]> = [
  ["start of the program", "started"],
  ["reads and checks before the first write, the rendering of the chart among them", "checked"],
  ["CRDs, nothing to do", "crdsWritten"],
  ["last look at the release, gate's record, watches", "prepared"],
  ["`helm upgrade`", "helm"],
  ["history read back", "readBack"],
  ["waiting for the data plane's rollout", "gate"],
  ["records, event, end", "ended"],
];

export const breakdownTable = (samples: ReadonlyArray<Breakdown>): string =>
  [
    "| | |",
    "| --- | --- |",
    ...ROWS.map(
      ([name, part]) => `| ${name} | ${millis(median(samples.map((one) => one[part])))} |`,
    ),
  ].join("\n");
