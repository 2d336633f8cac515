import { dirname, join, resolve } from "node:path";
import { Effect, FileSystem, Layer, type PlatformError, Schema, type Scope } from "effect";
import { extract } from "tar";
import { parse } from "yaml";
import type { StoredChart } from "../../domain/chart/stored-chart.ts";
import { chartImages } from "../../domain/images/image.ts";
import { isJsonObject, type JsonObject } from "../../domain/kube/json.ts";
import type { ChartReference } from "../../domain/run/upgrade-options.ts";
import { runFolderPrefix } from "../disk/run-folders.ts";
import { Helm } from "../helm/Helm.ts";
import { type Chart, ChartError, ChartSource } from "./ChartSource.ts";
import { readChartCrds } from "./chart-crds.ts";
import { embeddedChartDirectory } from "./embedded-chart.ts";

/** A chart with all upstream CRDs takes a few megabytes. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
const MAX_ENTRIES = 20_000;

const ChartYaml = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
});

const CrdLock = Schema.Struct({
  bundles: Schema.Array(
    Schema.Struct({ files: Schema.Array(Schema.Struct({ file: Schema.String })) }),
  ),
});

export const layerChartFiles: Layer.Layer<ChartSource, never, Helm | FileSystem.FileSystem> =
  Layer.effect(
    ChartSource,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem;
      const helm = yield* Helm;
      const embeddedDirectory = Effect.provideService(
        embeddedChartDirectory,
        FileSystem.FileSystem,
        fs,
      );

      const exists = (file: string) => Effect.orElseSucceed(fs.exists(file), () => false);

      const readText = (chart: string, file: string) =>
        Effect.mapError(
          fs.readFileString(file),
          (cause: PlatformError.PlatformError) => new ChartError({ chart, detail: cause.message }),
        );

      const parseYaml = (chart: string, file: string, text: string) =>
        Effect.try({
          try: () => parse(text, { logLevel: "error" }) as unknown,
          catch: () => new ChartError({ chart, detail: `${file} is not YAML` }),
        });

      const load = Effect.fnUntraced(function* (
        origin: string,
        directory: string,
        embedded: boolean,
      ) {
        const chartFile = join(directory, "Chart.yaml");
        if (!(yield* exists(chartFile))) {
          return yield* new ChartError({ chart: origin, detail: "it has no Chart.yaml" });
        }
        const about = yield* Effect.flatMap(readText(origin, chartFile), (text) =>
          parseYaml(origin, "Chart.yaml", text),
        ).pipe(
          Effect.flatMap(Schema.decodeUnknownEffect(ChartYaml)),
          Effect.mapError((error) =>
            error._tag === "ChartError"
              ? error
              : new ChartError({
                  chart: origin,
                  detail: "its Chart.yaml lacks a name or a version",
                }),
          ),
        );
        const valuesFile = join(directory, "values.yaml");
        const defaults = (yield* exists(valuesFile))
          ? yield* Effect.flatMap(readText(origin, valuesFile), (text) =>
              parseYaml(origin, "values.yaml", text),
            )
          : {};
        const crds = yield* readChartCrds(fs, origin, directory);
        const imagesFile = join(directory, "images.yaml");
        const images = (yield* exists(imagesFile))
          ? yield* Effect.flatMap(readText(origin, imagesFile), (text) =>
              parseYaml(origin, "images.yaml", text),
            )
          : {};
        const chart: Chart = {
          origin,
          embedded,
          directory,
          name: about.name,
          version: about.version,
          defaults: isJsonObject(defaults) ? defaults : ({} satisfies JsonObject),
          crds,
          images: chartImages(images),
          missingCrds: embedded ? yield* missingCrds(directory) : [],
        };
        return chart;
      });

      /** The upstream CRDs that a release build carries and a bare checkout does not. */
      const missingCrds = Effect.fnUntraced(function* (directory: string) {
        const origin = "embedded chart";
        const text = yield* readText(origin, join(directory, "crds.lock.json"));
        const lock = yield* Effect.mapError(
          Schema.decodeUnknownEffect(Schema.fromJsonString(CrdLock))(text),
          () => new ChartError({ chart: origin, detail: "crds.lock.json is malformed" }),
        );
        const present = new Set(
          yield* Effect.orElseSucceed(
            fs.readDirectory(join(directory, "charts", "crds", "crds")),
            (): Array<string> => [],
          ),
        );
        return lock.bundles
          .flatMap(({ files }) => files.map(({ file }) => file))
          .filter((file) => !present.has(file));
      });

      const unpack = Effect.fnUntraced(function* (origin: string, archive: string) {
        const into = yield* temporaryFolder(origin);
        let [bytes, entries] = [0, 0];
        const isTooMuch = () => bytes > MAX_UNPACKED_BYTES || entries > MAX_ENTRIES;
        yield* Effect.tryPromise({
          try: () =>
            extract({
              file: archive,
              cwd: into,
              strict: true,
              filter: (_, entry) => {
                bytes += entry.size ?? 0;
                entries += 1;
                return !isTooMuch();
              },
            }),
          catch: () =>
            new ChartError({ chart: origin, detail: "it is not a chart archive (.tgz)" }),
        });
        if (isTooMuch()) {
          return yield* new ChartError({
            chart: origin,
            detail: "it unpacks to more than any chart does (256 MiB, 20000 files)",
          });
        }
        const [folder] = yield* Effect.orElseSucceed(
          fs.readDirectory(into),
          (): Array<string> => [],
        );
        if (folder !== undefined) return join(into, folder);
        return yield* new ChartError({ chart: origin, detail: "the archive is empty" });
      });

      const temporaryFolder = (chart: string): Effect.Effect<string, ChartError, Scope.Scope> =>
        Effect.mapError(
          fs.makeTempDirectoryScoped({ prefix: runFolderPrefix("chart") }),
          (cause) => new ChartError({ chart, detail: cause.message }),
        );

      const local = Effect.fnUntraced(function* (reference: string) {
        // Absolute: Helm prefers a repository's name over a relative path that looks like one.
        const file = resolve(reference);
        const info = yield* Effect.mapError(
          fs.stat(file),
          () => new ChartError({ chart: reference, detail: "no such file or directory" }),
        );
        const directory = info.type === "Directory" ? file : yield* unpack(reference, file);
        return yield* load(reference, directory, false);
      });

      const remote = Effect.fnUntraced(function* (url: string, version: string | undefined) {
        const into = yield* temporaryFolder(url);
        const directory = yield* Effect.mapError(
          helm.pull(url, version, into),
          ({ text }) => new ChartError({ chart: url, detail: text }),
        );
        return yield* load(url, directory, false);
      });

      const rebuild = Effect.fn("ChartSource.rebuild")(function* (stored: StoredChart) {
        const origin = `${stored.version}, from the release's own record`;
        const into = yield* temporaryFolder(origin);
        yield* Effect.forEach(
          stored.files,
          ({ path, content }) =>
            fs
              .makeDirectory(dirname(join(into, path)), { recursive: true })
              .pipe(Effect.andThen(fs.writeFile(join(into, path), content, { mode: 0o600 }))),
          { discard: true },
        ).pipe(
          Effect.mapError((cause) => new ChartError({ chart: origin, detail: cause.message })),
        );
        return { ...(yield* load(origin, into, false)), crds: [] };
      });

      return ChartSource.of({
        rebuild,
        resolve: Effect.fn("ChartSource.resolve")(function* (reference: ChartReference) {
          switch (reference._tag) {
            case "Embedded":
              return yield* load("embedded chart", yield* embeddedDirectory, true);
            case "Local":
              return yield* local(reference.path);
            case "Remote":
              return yield* remote(reference.url, reference.version);
          }
        }),
      });
    }),
  );
