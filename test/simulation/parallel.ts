/** Seeds over threads. */
import { Worker } from "node:worker_threads";
import type { Batch } from "./simulate.ts";
import type { Task } from "./worker.ts";

/** Small enough that no thread waits long for another at the end; smaller where the first find ends it. */
const SEEDS_PER_TASK = 50;
const SEEDS_PER_LOOK = 10;

export interface Range extends Task {
  readonly threads: number;
  /** Begin no more work once something was found. */
  readonly stopAtFirst: boolean;
}

const tasksOf = ({ from, count, stopAtFirst }: Range): ReadonlyArray<Task> => {
  const size = stopAtFirst ? SEEDS_PER_LOOK : SEEDS_PER_TASK;
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
    const start = from + index * size;
    return { from: start, count: Math.min(size, from + count - start) };
  });
};

/** In the order of their seeds, whichever thread ran them. */
export const simulateInParallel = async (range: Range): Promise<ReadonlyArray<Batch>> => {
  const tasks = tasksOf(range);
  const queue = [...tasks];
  const results = new Map<number, Batch>();

  const runThread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url));
      const next = () => {
        const task = queue.shift();
        if (task !== undefined) return worker.postMessage(task);
        resolve();
        void worker.terminate();
      };
      worker.on("error", reject);
      worker.on("message", ({ from, batch }: { readonly from: number; readonly batch: Batch }) => {
        results.set(from, batch);
        if (range.stopAtFirst && batch.violating.length > 0) queue.length = 0;
        next();
      });
      next();
    });

  const threads = Math.max(1, Math.min(range.threads, tasks.length));
  await Promise.all(Array.from({ length: threads }, runThread));
  return tasks.flatMap(({ from }) => results.get(from) ?? []);
};
