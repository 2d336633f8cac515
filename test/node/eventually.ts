import { setTimeout as sleep } from "node:timers/promises";

/** Repeats an expectation until it holds; what it said last is the failure. */
export async function eventually(expectation: () => Promise<void>, seconds = 30): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
