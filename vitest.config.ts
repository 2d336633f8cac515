import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/cluster/**", "test/node/**"],
    // No test keeps anything in a module, so the workers need not be made anew for each file.
    isolate: false,
    // Virtual time is quick, but a busy machine is not: only a test that hangs should ever meet this.
    testTimeout: 60_000,
    ...reportersFor("unit"),
  },
});
