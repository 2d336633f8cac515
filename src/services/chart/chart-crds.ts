import { createHash } from "node:crypto";
import { join } from "node:path";
import { Effect, type FileSystem, Result } from "effect";
import { parseAllDocuments } from "yaml";
import { type CrdManifest, crdManifest } from "../../domain/crds/plan.ts";
import { isJsonObject, type JsonObject } from "../../domain/kube/json.ts";
import { fieldAt, type KubeObject, listAt } from "../../domain/kube/objects.ts";
import { ChartError } from "./ChartSource.ts";

/** What packaging leaves beside the files: megabytes of YAML take a second to parse, as JSON a few milliseconds. */
export const PARSED_CRDS_FILE = "crds.parsed.json";

/** Megabytes of YAML lie in them: all of them at once would be in memory together. */
const FILES_AT_ONCE = 2;

/** A manifest whose object is still text. */
interface StoredCrd {
  readonly name: string;
  readonly sha256: string;
  readonly json: string;
}

interface ParsedCrds {
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

/** As far as everything here relies on it; what else is wrong the API server says in its dry run. */
const isCrd = (object: unknown): object is KubeObject & JsonObject =>
  typeof fieldAt(object, "metadata", "name") === "string" &&
  typeof fieldAt(object, "spec", "group") === "string" &&
  typeof fieldAt(object, "spec", "names", "plural") === "string" &&
  typeof fieldAt(object, "spec", "names", "kind") === "string" &&
  listAt(object, "spec", "versions").length > 0 &&
  listAt(object, "spec", "versions").every((one) => typeof fieldAt(one, "name") === "string");

/** Otherwise the parser warns through Node, which prints what the file says as it is. */
const NO_WARNINGS = { logLevel: "error" } as const;

/** The CRDs of one file, or what is wrong with it, to complete "the file …". */
export const parseCrdFile = (text: string): Result.Result<ReadonlyArray<CrdManifest>, string> => {
  try {
    const documents = parseAllDocuments(text, NO_WARNINGS);
    if (documents.some(({ errors }) => errors.length > 0)) return Result.fail("is not YAML");
    const objects = documents
      .map((document) => document.toJS() as unknown)
      .filter((object) => isJsonObject(object) && object.kind === "CustomResourceDefinition");
    if (!objects.every(isCrd)) {
      return Result.fail(
        "holds a CustomResourceDefinition without a name, a group, names or versions",
      );
    }
    return Result.succeed(objects.map(crdManifest));
  } catch (cause) {
    // Aliases that multiply, numbers that are none: the parser gives up.
    return Result.fail(`cannot be read: ${(cause as Error).message}`);
  }
};

/** A chart of an earlier version has the objects themselves in it: its files are parsed again. */
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
      if (known !== undefined) return known;
      const crds = parseCrdFile(Buffer.from(bytes).toString("utf8"));
      if (Result.isSuccess(crds)) return crds.success;
      return yield* new ChartError({ chart, detail: `${file} ${crds.failure}` });
    }),
    { concurrency: FILES_AT_ONCE },
  );
  return found.flat();
});
