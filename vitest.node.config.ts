import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

/** The suite on real nodes, where pods run. Three clusters at a time: most of what streams and drains take is waiting. */
export default defineConfig({
  test: {
    include: ["test/node/**/*.test.ts"],
    globalSetup: ["test/node/setup.ts"],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 3,
    ...reportersFor("node"),
  },
});
