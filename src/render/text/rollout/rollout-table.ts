/** A rollout on a terminal: a table that is drawn again in its place. Pure. */

import type { WorkloadProgress } from "../../../domain/rollout/progress.ts";
import type { OpenStreams } from "../../../domain/streams/tally.ts";
import { shortReason } from "../../../words/rollout/trouble.ts";
import { describeWaiting } from "../../../words/rollout/waiting-for.ts";
import { columnsOf, firstColumns, padColumns } from "../columns.ts";
import { drainingLine } from "../streams.ts";
import { type Waiting, waitingLine } from "./rollout-lines.ts";

const BAR_CELLS = 10;
const LONGEST_NAME = 28;

/** Full when every pod is of the current template, and ready. */
const bar = ({ ready, updated, desired, waitingFor }: WorkloadProgress): string => {
  const share = desired === 0 ? 1 : Math.min(1, ready / desired, updated / desired);
  const filled = waitingFor === undefined ? BAR_CELLS : Math.floor(share * BAR_CELLS);
  return `${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)}`;
};

/** Never as wide as the terminal: a character in the last column would wrap. */
const clipped = (line: string, columns: number): string =>
  columnsOf(line) < columns ? line : `${firstColumns(line, Math.max(0, columns - 2))}…`;

/** What is wrong with a pod tells more than that it is waited for, and there is not room for both. */
const news = ({ lastEvent, waitingFor, draining }: WorkloadProgress): string =>
  [
    draining === 0 ? undefined : `${draining} draining`,
    lastEvent === undefined ? waitingFor && describeWaiting(waitingFor) : shortReason(lastEvent),
  ]
    .filter((text) => text !== undefined)
    .join("  ");

const row = (progress: WorkloadProgress, nameWidth: number): string => {
  const { name, ready, desired } = progress;
  const counts = `${ready}/${desired}`.padStart(5);
  const title = padColumns(clipped(name, nameWidth + 1), nameWidth);
  return `  ${title} ${bar(progress)} ${counts}  ${news(progress)}`.trimEnd();
};

interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

interface RolloutRows {
  readonly workloads: ReadonlyArray<WorkloadProgress>;
  readonly draining: ReadonlyArray<OpenStreams>;
}

/** Fits the screen: what is not where it should be comes before what is, and what has no room is counted. */
export const tableLines = (
  waiting: Waiting,
  { workloads, draining }: RolloutRows,
  nowMillis: number,
  { columns, rows }: ScreenSize,
): ReadonlyArray<string> => {
  const room = Math.max(1, rows - 3);
  const sorted =
    workloads.length <= room
      ? workloads
      : [...workloads].sort((a, b) => Number(!a.waitingFor) - Number(!b.waitingFor));
  const shown = sorted.slice(0, room);
  const nameWidth = Math.min(
    LONGEST_NAME,
    Math.max(0, ...shown.map(({ name }) => columnsOf(name))),
  );
  const proxies = draining.slice(0, room - shown.length);
  const hidden = workloads.length - shown.length + draining.length - proxies.length;
  return [
    `  ${waitingLine(waiting, nowMillis)}`,
    ...shown.map((one) => row(one, nameWidth)),
    ...proxies.map((one) => `  ${drainingLine(one)}`),
    ...(hidden === 0 ? [] : [`  and ${hidden} more`]),
  ].map((line) => clipped(line, columns));
};

/** How many rows the lines take: a terminal that became narrower has wrapped them. */
export const rowsTaken = (lines: ReadonlyArray<string>, columns: number): number =>
  lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(columnsOf(line) / columns)), 0);
