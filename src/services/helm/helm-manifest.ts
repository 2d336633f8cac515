/** What Helm prints of releases: their objects, and the records it keeps. */
import { gzipSync } from "node:zlib";
import { Redacted, Schema } from "effect";
import { Composer, type DocumentOptions, Parser, type SchemaOptions, type Tags } from "yaml";
import { isJsonObject, type JsonObject } from "../../domain/kube/json.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { RenderedRelease } from "../../domain/release/rendered-release.ts";

const isTime = (tag: Tags[number]): boolean =>
  typeof tag === "object" && (tag.format === "TIME" || tag.tag.endsWith(":timestamp"));

/** Helm reads YAML 1.1, where `0400` is octal and `yes` is true, but knows no times of day and no dates. */
const AS_HELM_READS: DocumentOptions & SchemaOptions = {
  version: "1.1",
  // Warnings go through Node, which prints what the manifest says as it is.
  logLevel: "error",
  customTags: (tags) => tags.filter((tag) => !isTime(tag)),
};

/** One document after the other: what the parser knows of one is many times its text. */
export const manifestObjects = (text: string): ReadonlyArray<KubeObject> => {
  const objects: Array<KubeObject> = [];
  for (const document of new Composer(AS_HELM_READS).compose(new Parser().parse(text))) {
    const object: unknown = document.toJS();
    if (isJsonObject(object)) objects.push(object as unknown as KubeObject);
  }
  return objects;
};

const readRecord = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      manifest: Schema.String,
      hooks: Schema.optionalKey(
        Schema.NullOr(Schema.Array(Schema.Struct({ manifest: Schema.String }))),
      ),
    }),
  ),
);

const isHook = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.["helm.sh/hook"] !== undefined;

const recordBytesOf = (record: string): number =>
  gzipSync(record, { level: 9 }).toString("base64").length;

/** `text` is what the template printed, `files` those of the chart in base64. */
export const templateRecordBytes = (
  text: string,
  values: Redacted.Redacted<JsonObject>,
  files: ReadonlyArray<string>,
): number =>
  recordBytesOf(JSON.stringify({ manifest: text, config: Redacted.value(values), files }));

/** A template is the objects alone, hooks among them. */
export const readTemplate = (
  text: string,
  recordBytes: number | undefined,
): Redacted.Redacted<RenderedRelease> => {
  const all = manifestObjects(text);
  return Redacted.make({
    objects: all.filter((object) => !isHook(object)),
    hooks: all.filter(isHook),
    recordBytes,
  });
};

/** A dry run is the record that would be stored. */
export const readDryRun = (text: string): Redacted.Redacted<RenderedRelease> => {
  // What a chart's registry has to say comes before.
  const json = text.slice(text.search(/^\{/m));
  const { manifest, hooks } = readRecord(json);
  return Redacted.make({
    objects: manifestObjects(manifest),
    hooks: (hooks ?? []).flatMap((hook) => manifestObjects(hook.manifest)),
    recordBytes: recordBytesOf(json),
  });
};
