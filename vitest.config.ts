import { defineConfig } from "vitest/config";
import { reportersFor } from "./vitest.reporters.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/cluster/**"],
    ...reportersFor("unit"),
  },
});
