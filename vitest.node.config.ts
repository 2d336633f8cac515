import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

/** The suite on real nodes, where pods run. One cluster at a time: what is measured needs the machine. */
export default defineConfig({
  test: {
    include: ["test/node/**/*.test.ts"],
    globalSetup: ["test/node/setup.ts"],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 1,
    ...reportersFor("node"),
  },
});
