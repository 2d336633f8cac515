import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

/** The suite on the real control plane. Each file has a cluster of its own; three at a time, since they mostly wait. */
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    // Minutes more than any needs: a busy machine is slow, and only what hangs should ever meet this.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 3,
    ...reportersFor("cluster"),
  },
});
