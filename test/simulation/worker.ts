/** A thread of `npm run simulate`: seeds in, batches out. */
import { parentPort } from "node:worker_threads";
import { simulateSeeds } from "./simulate.ts";

export interface Task {
  readonly from: number;
  readonly count: number;
}

parentPort?.on("message", ({ from, count }: Task) => {
  parentPort?.postMessage({ from, count, batch: simulateSeeds(from, count) });
});
