import { defineConfig } from "vitest/config";

/** The suite on the real control plane: files run one after another, since each owns a cluster. */
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
