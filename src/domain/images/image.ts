/** The images of a chart, under the names that the chart gives them in public and in a registry of one's own. */
import { isJsonObject, type JsonObject } from "../kube/json.ts";

/** One entry of a chart's `images.yaml`. */
export interface ChartImage {
  /** What values call it. */
  readonly key: string;
  /** Where it is public. */
  readonly repository: string;
  /** What it is called in a registry of one's own. */
  readonly name: string;
  readonly tag: string;
}

/** An image, and where it is to be. */
export interface ImageCopy {
  readonly name: string;
  /** `repository:tag`, with `@digest` where the values pin one. */
  readonly source: string;
  readonly target: string;
}

const textIn = (object: JsonObject, name: string): string | undefined => {
  const value = object[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
};

const objectIn = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isJsonObject(value) ? value : {};
};

/** Of the content of `images.yaml`; what is no image in it is left out. */
export const chartImages = (manifest: unknown): ReadonlyArray<ChartImage> =>
  isJsonObject(manifest)
    ? Object.entries(objectIn(manifest, "images")).flatMap(([key, entry]) => {
        if (!isJsonObject(entry)) return [];
        const [repository, name, tag] = ["repository", "name", "tag"].map((field) =>
          textIn(entry, field),
        );
        return repository === undefined || name === undefined || tag === undefined
          ? []
          : [{ key, repository, name, tag }];
      })
    : [];

/** What values say of tags and digests. */
interface ImageValues {
  /** `global.imageTag`: one tag for every image. */
  readonly tag: string | undefined;
  /** `images`, by key, each with a tag or a digest of its own. */
  readonly images: JsonObject;
}

/** Of the chart's values, the flag for the tag over them. */
export const imageValues = (values: JsonObject, imageTag: string | undefined): ImageValues => ({
  tag: imageTag ?? textIn(objectIn(values, "global"), "imageTag"),
  images: objectIn(values, "images"),
});

/** The registry of one's own that values name; `undefined` where the images are pulled from where they are public. */
export const registryIn = (values: JsonObject): string | undefined =>
  textIn(objectIn(values, "global"), "imageRegistry") || undefined;

interface Version {
  readonly tag: string;
  /** Of the index; where there is none the tag decides. */
  readonly digest: string | undefined;
}

/** As the chart's own template decides: an image's tag, then that of all, then the manifest's. */
const versionOf = ({ key, tag }: ChartImage, values: ImageValues): Version => {
  const own = objectIn(values.images, key);
  return {
    tag: textIn(own, "tag") || values.tag || tag,
    digest: textIn(own, "digest") || undefined,
  };
};

const pinnedTo = (digest: string | undefined): string => (digest === undefined ? "" : `@${digest}`);

/** What the pods run when no registry is set. */
export const imageReferences = (
  images: ReadonlyArray<ChartImage>,
  values: ImageValues,
): ReadonlyArray<string> =>
  images.map((image) => {
    const { tag, digest } = versionOf(image, values);
    return `${image.repository}:${tag}${pinnedTo(digest)}`;
  });

const withoutSlash = (registry: string): string => registry.replace(/\/+$/, "");

/** From where each image is public to where the chart looks for it when `registry` is set. */
export const imageCopies = (
  images: ReadonlyArray<ChartImage>,
  values: ImageValues,
  registry: string,
): ReadonlyArray<ImageCopy> =>
  images.map((image) => {
    const { tag, digest } = versionOf(image, values);
    return {
      name: image.name,
      source: `${image.repository}:${tag}${pinnedTo(digest)}`,
      target: `${withoutSlash(registry)}/${image.name}:${tag}`,
    };
  });

/** `repository@digest`: whatever becomes of the tag meanwhile, these bytes are meant. */
export const byDigest = (reference: string, digest: string): string => {
  const { host, path } = partsOf(reference);
  return `${host}/${path}@${digest}`;
};

/** A reference taken apart as container runtimes do it: a first part that is no host belongs to Docker Hub. */
export const partsOf = (
  reference: string,
): { readonly host: string; readonly path: string; readonly tag: string | undefined } => {
  const [named = ""] = reference.split("@");
  const [first = "", ...rest] = named.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const [host, tail] = hasHost ? [first, rest.join("/")] : ["docker.io", named];
  const at = tail.lastIndexOf(":");
  return at < 0
    ? { host, path: tail, tag: undefined }
    : { host, path: tail.slice(0, at), tag: tail.slice(at + 1) };
};
