/** A thread of `npm run simulate`: seeds in, batches out. */
import { parentPort } from "node:worker_threads";
import { simulateSeeds } from "./simulate.ts";

export interface Task {
  readonly from: number;
  readonly count: number;
}

// Every typed error would note where it was made, which costs as much as making it, and nobody looks.
Error.stackTraceLimit = 0;

parentPort?.on("message", ({ from, count }: Task) => {
  parentPort?.postMessage({ from, count, batch: simulateSeeds(from, count) });
});
