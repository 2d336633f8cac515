import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { getRawAsset, isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import { Effect, FileSystem } from "effect";
import { extract } from "tar";
import { runFolderPrefix } from "../disk/run-folders.ts";
import { ChartError } from "./ChartSource.ts";

/** The asset of a single executable that holds the chart's folder as a tar archive. */
export const CHART_ASSET = "chart.tgz";

/** In a checkout beside the sources, in a package beside what was built from them. */
const besideTheProgram = (from: string): string => {
  const chart = join(from, "chart");
  const parent = dirname(from);
  return existsSync(join(chart, "Chart.yaml")) || parent === from
    ? chart
    : besideTheProgram(parent);
};

/** Helm reads files: a program that is one file itself lends it a folder for the time of the scope. */
const unpacked = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem;
  const chart = "embedded chart";
  const into = yield* Effect.mapError(
    fs.makeTempDirectoryScoped({ prefix: runFolderPrefix("chart") }),
    (cause) => new ChartError({ chart, detail: cause.message }),
  );
  yield* Effect.tryPromise({
    try: () =>
      new Promise<void>((done, fail) => {
        const unpacking = extract({ cwd: into, strict: true });
        unpacking.on("close", done);
        unpacking.on("error", fail);
        unpacking.end(Buffer.from(getRawAsset(CHART_ASSET)));
      }),
    catch: (cause) =>
      new ChartError({ chart, detail: `it could not be unpacked: ${String(cause)}` }),
  });
  return into;
});

/** The folder of the chart that this program carries. */
export const embeddedChartDirectory = Effect.suspend(() =>
  isSea() ? unpacked : Effect.succeed(besideTheProgram(dirname(fileURLToPath(import.meta.url)))),
);
