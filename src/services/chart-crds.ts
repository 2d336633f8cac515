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

/** Megabytes of YAML lie in them: all of them at once would be in memory together. */
const FILES_AT_ONCE = 2;

/** A manifest whose object is still text. */
export interface StoredCrd {
  readonly name: string;
  readonly sha256: string;
  readonly json: string;
}

export interface ParsedCrds {
  /** By the sha256 of a file's bytes: an edited file is parsed again. */
  readonly [sha256: string]: ReadonlyArray<StoredCrd>;
}

export const sha256OfBytes = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

export const storedCrd = ({ name, sha256, object }: CrdManifest): StoredCrd => ({
  name,
  sha256,
  json: JSON.stringify(object),
});

const isStored = (one: Partial<StoredCrd>): one is StoredCrd => one.json !== undefined;

/** As objects all CRDs together take five times what they take as text: each is one only while it is looked at. */
const fromStored = ({ name, sha256, json }: StoredCrd): CrdManifest => {
  let kept: WeakRef<KubeObject> | undefined;
  return {
    name,
    sha256,
    jsonLength: json.length,
    get object() {
      const object = kept?.deref() ?? (JSON.parse(json) as KubeObject);
      kept = new WeakRef(object);
      return object;
    },
  };
};

/** The CRDs of one file; `undefined` when it is not YAML. */
export const parseCrdFile = (text: string): ReadonlyArray<CrdManifest> | undefined => {
  const documents = parseAllDocuments(text);
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  return documents
    .map((document) => document.toJS() as unknown)
    .filter((object) => isJsonObject(object) && object.kind === "CustomResourceDefinition")
    .map((object) => crdManifest(object as unknown as KubeObject));
};

/** A chart of an earlier version has the objects themselves in it: its files are parsed anew. */
const fromPackaging = (
  stored: ReadonlyArray<Partial<StoredCrd>> | undefined,
): ReadonlyArray<CrdManifest> | undefined =>
  stored?.every(isStored) ? stored.map(fromStored) : undefined;

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
      const bytes = yield* Effect.mapError(
        fs.readFile(join(directory, file)),
        (cause) => new ChartError({ chart, detail: cause.message }),
      );
      const known = fromPackaging(parsed[sha256OfBytes(bytes)]);
      const crds = known ?? parseCrdFile(Buffer.from(bytes).toString("utf8"));
      return crds ?? (yield* new ChartError({ chart, detail: `${file} is not YAML` }));
    }),
    { concurrency: FILES_AT_ONCE },
  );
  return found.flat();
});
