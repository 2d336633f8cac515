import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/cluster/**", "test/node/**"],
    // No test keeps anything in a module, so the workers need not be made anew for each file.
    isolate: false,
    // One processor is left to others by default, which is half of a small machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Virtual time is quick, but a busy machine is not: only a test that hangs should ever meet this.
    testTimeout: 60_000,
    ...reportersFor("unit"),
  },
});
