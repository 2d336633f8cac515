/** How long a program runs and how much memory it and its children have at most. Linux only. */
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Cost {
  readonly millis: number;
  /** Of the process itself, MiB: the kernel's high-water mark of what was resident. */
  readonly peak: number;
  /** Of the largest process it started, MiB. */
  readonly childPeak: number;
}

const LOOK_EVERY_MILLIS = 10;

const peakOf = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): ReadonlyArray<number> => {
  try {
    const text = readdirSync(`/proc/${pid}/task`)
      .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"))
      .join(" ");
    return text.split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

interface Command {
  readonly command: string;
  readonly args: ReadonlyArray<string>;
  readonly env: NodeJS.ProcessEnv;
}

interface Measuring {
  /** Looking at the memory takes time itself: not where milliseconds count. */
  readonly look?: boolean;
  /** Exit codes that are no failure. */
  readonly codes?: ReadonlyArray<number>;
}

export const measured = (
  { command, args, env }: Command,
  { look = true, codes = [0] }: Measuring = {},
): Promise<Cost> =>
  new Promise((done, fail) => {
    const started = performance.now();
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    let [peak, childPeak] = [0, 0];
    const sample = () => {
      peak = Math.max(peak, peakOf(child.pid ?? 0));
      for (const pid of childrenOf(child.pid ?? 0)) childPeak = Math.max(childPeak, peakOf(pid));
    };
    const looking = look ? setInterval(sample, LOOK_EVERY_MILLIS) : undefined;
    child.on("error", fail);
    child.on("exit", (code) => {
      clearInterval(looking);
      if (codes.includes(code ?? -1))
        done({ millis: performance.now() - started, peak, childPeak });
      else fail(new Error(`${command}: exit ${code}\n${said}`));
    });
  });

/**
 * Programs are measured as copies of the same kind. What is in the page cache since it was written in one large piece is
 * mapped in large pieces, which counts as tens of megabytes of resident memory more.
 */
export const installed = (program: string, folder: string): string => {
  const copy = join(folder, basename(program));
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
  return copy;
};

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};

export const millis = (value: number): string => `${value.toFixed(0)} ms`;
export const seconds = (value: number): string => `${(value / 1000).toFixed(2)} s`;
export const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;

export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** A row of a table: both medians, and the median of the pairs' ratios beside what it should be, if that was said. */
export const ratioRow = (
  name: string,
  pairs: ReadonlyArray<Pair>,
  show: (value: number) => string,
  target?: number,
): string => {
  const ratio = median(pairs.map(({ ours, theirs }) => ours / theirs));
  const [ours, theirs] = [
    median(pairs.map((pair) => pair.ours)),
    median(pairs.map((pair) => pair.theirs)),
  ];
  const missed = target !== undefined && ratio > target ? ": missed" : "";
  return `| ${name} | ${show(ours)} | ${show(theirs)} | ${ratio.toFixed(2)} | ${target ?? ""}${missed} |`;
};

/** Runs both sides of each pair one after the other; who comes first alternates, so that what drifts hits both. */
export const inPairs = async <Ours, Theirs>(
  count: number,
  ours: () => Promise<Ours>,
  theirs: () => Promise<Theirs>,
): Promise<ReadonlyArray<{ readonly ours: Ours; readonly theirs: Theirs }>> => {
  const pairs: Array<{ readonly ours: Ours; readonly theirs: Theirs }> = [];
  for (let pair = 0; pair < count; pair++) {
    if (pair % 2 === 0) {
      const first = await ours();
      pairs.push({ ours: first, theirs: await theirs() });
    } else {
      const first = await theirs();
      pairs.push({ ours: await ours(), theirs: first });
    }
  }
  return pairs;
};
