/** The program as few files: what a command does not need it does not load. */
import { join } from "node:path";
import { type BuildOptions, build, buildSync } from "esbuild";

export const ROOT = join(import.meta.dirname, "../..");

const common = {
  bundle: true,
  platform: "node",
  target: "node24",
  minify: true,
  // Errors and spans are named after their classes and functions.
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
} satisfies BuildOptions;

/** CommonJS dependencies ask for Node's own modules by `require`. */
const REQUIRE =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

/** For the package: modules of its own for what is loaded on first use. */
export const bundleForPackage = (outdir = join(ROOT, "dist/cli")) =>
  build({
    ...common,
    entryPoints: [join(ROOT, "src/main.ts")],
    outdir,
    format: "esm",
    splitting: true,
    banner: { js: REQUIRE },
  });

/** For tests, which start a program often: its sources take three times as long to load. */
export const bundleForTests = (entryPoint: string, outfile: string): void => {
  buildSync({
    ...common,
    minify: false,
    entryPoints: [entryPoint],
    outfile,
    format: "esm",
    banner: { js: REQUIRE },
  });
};

/** For the executable: one function of `require`, whose parts are evaluated on first use. */
export const bundleForExecutable = (outfile: string) =>
  build({
    ...common,
    // What it is made of is listed beside it.
    metafile: true,
    entryPoints: [join(ROOT, "src/main.ts")],
    outfile,
    format: "cjs",
    // Nothing of it is read from beside the program: see src/services/chart/embedded-chart.ts.
    define: { "import.meta.url": "undefined" },
    banner: { js: "(function (require) { var module = { exports: {} };" },
    footer: { js: "})" },
  });

export const bundleEntry = (outfile: string) =>
  build({
    ...common,
    entryPoints: [join(ROOT, "src/executable.ts")],
    outfile,
    format: "cjs",
  });
