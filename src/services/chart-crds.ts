import { createHash } from "node:crypto";
import { join } from "node:path";
import { Effect, type FileSystem } from "effect";
import { parseAllDocuments } from "yaml";
import { type CrdManifest, crdManifest } from "../domain/crds/plan.ts";
import { isJsonObject } from "../domain/json.ts";
import type { KubeObject } from "../domain/kube.ts";
import { ChartError } from "./ChartSource.ts";

/** What packaging leaves beside the files: megabytes of YAML take a second to parse, as JSON a few milliseconds. */
export const PARSED_CRDS_FILE = "crds.parsed.json";

export interface ParsedCrds {
  /** By the sha256 of a file's bytes: an edited file is parsed again. */
  readonly [sha256: string]: ReadonlyArray<CrdManifest>;
}

export const sha256OfText = (text: string): string =>
  createHash("sha256").update(text).digest("hex");

/** The CRDs of one file; `undefined` when it is not YAML. */
export const parseCrdFile = (text: string): ReadonlyArray<CrdManifest> | undefined => {
  const documents = parseAllDocuments(text);
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  return documents
    .map((document) => document.toJS() as unknown)
    .filter((object) => isJsonObject(object) && object.kind === "CustomResourceDefinition")
    .map((object) => crdManifest(object as unknown as KubeObject));
};

const readParsed = (fs: FileSystem.FileSystem, directory: string): Effect.Effect<ParsedCrds> =>
  fs.readFileString(join(directory, PARSED_CRDS_FILE)).pipe(
    Effect.flatMap((text) => Effect.try(() => JSON.parse(text) as ParsedCrds)),
    Effect.orElseSucceed((): ParsedCrds => ({})),
  );

/** Helm takes CRDs from `crds/` of a chart and of everything under `charts/`. */
export const readChartCrds = Effect.fnUntraced(function* (
  fs: FileSystem.FileSystem,
  chart: string,
  directory: string,
) {
  const entries = yield* Effect.orElseSucceed(
    fs.readDirectory(directory, { recursive: true }),
    (): Array<string> => [],
  );
  const files = entries.filter((entry) => /(^|\/)crds\/[^/]+\.ya?ml$/.test(entry)).sort();
  if (files.length === 0) return [];
  const parsed = yield* readParsed(fs, directory);
  const found = yield* Effect.forEach(
    files,
    Effect.fnUntraced(function* (file) {
      const text = yield* Effect.mapError(
        fs.readFileString(join(directory, file)),
        (cause) => new ChartError({ chart, detail: cause.message }),
      );
      const crds = parsed[sha256OfText(text)] ?? parseCrdFile(text);
      return crds ?? (yield* new ChartError({ chart, detail: `${file} is not YAML` }));
    }),
    { concurrency: "unbounded" },
  );
  return found.flat();
});
