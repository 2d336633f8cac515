import { createHash } from "node:crypto";
import { canonicalJson, isJsonObject, type Json } from "../kube/json.ts";
import type { KubeObject } from "../kube/objects.ts";

/** Recorded on every CRD tare writes, so that an unchanged one is recognised without reading its schema. */
export const CRD_HASH_ANNOTATION = "tars.io/crd-sha256";
/** The generation our write produced: a later one means the CRD was edited by hand. */
export const CRD_GENERATION_ANNOTATION = "tars.io/crd-generation";

const BUNDLE_VERSION_ANNOTATIONS = [
  "gateway.networking.k8s.io/bundle-version",
  "tars.tetrate.ai/bundle-version",
];

export interface CrdManifest {
  readonly name: string;
  readonly object: KubeObject;
  readonly sha256: string;
  readonly jsonLength: number;
}

export const crdManifest = (object: KubeObject): CrdManifest => {
  const json = canonicalJson(object as unknown as Json);
  return {
    name: object.metadata.name,
    object,
    sha256: createHash("sha256").update(json).digest("hex"),
    jsonLength: json.length,
  };
};

/** A few CRDs are most of the work: begun last, one of them would be waited for alone. */
export const largestFirst = <A>(
  items: ReadonlyArray<A>,
  manifestOf: (item: A) => CrdManifest,
): ReadonlyArray<A> =>
  [...items].sort((a, b) => manifestOf(b).jsonLength - manifestOf(a).jsonLength);

/** Of a live CRD only its metadata is needed to decide. */
export type LiveCrd = Pick<KubeObject, "metadata">;

type CrdVerdict =
  | { readonly _tag: "Create" }
  | { readonly _tag: "Update" }
  | { readonly _tag: "Skip"; readonly reason: "identical" }
  | {
      readonly _tag: "Skip";
      readonly reason: "newer";
      readonly live: string;
      readonly ours: string;
    }
  | { readonly _tag: "Skip"; readonly reason: "platform"; readonly platform: string };

export interface PlannedCrd {
  readonly manifest: CrdManifest;
  readonly live: LiveCrd | undefined;
  readonly verdict: CrdVerdict;
}

type Texts = Readonly<Record<string, string>>;

const annotationsOf = ({ metadata }: LiveCrd): Texts => metadata.annotations ?? {};

const contains = (all: Texts, some: Texts): boolean =>
  Object.entries(some).every(([key, value]) => all[key] === value);

/** Neither moves the generation, so they are compared one by one. */
const carriesOurLabelsAndAnnotations = (manifest: CrdManifest, live: LiveCrd): boolean =>
  contains(annotationsOf(live), annotationsOf(manifest.object)) &&
  contains(live.metadata.labels ?? {}, manifest.object.metadata.labels ?? {});

const versionNumbers = (version: string): ReadonlyArray<number> | undefined => {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match?.slice(1).map(Number);
};

const isNewer = (left: string, right: string): boolean => {
  const [a, b] = [versionNumbers(left), versionNumbers(right)];
  if (a === undefined || b === undefined) return false;
  const first = a.findIndex((number, index) => number !== b[index]);
  return first !== -1 && (a[first] as number) > (b[first] as number);
};

/** Both bundle versions when the live one is newer than ours. */
export const newerBundle = (manifest: CrdManifest, live: LiveCrd) =>
  BUNDLE_VERSION_ANNOTATIONS.flatMap((key) => {
    const theirs = annotationsOf(live)[key];
    const ours = annotationsOf(manifest.object)[key];
    return theirs !== undefined && ours !== undefined && isNewer(theirs, ours)
      ? [{ live: theirs, ours }]
      : [];
  })[0];

const isOurUntouchedWrite = (manifest: CrdManifest, live: LiveCrd): boolean =>
  annotationsOf(live)[CRD_HASH_ANNOTATION] === manifest.sha256 &&
  annotationsOf(live)[CRD_GENERATION_ANNOTATION] === String(live.metadata.generation) &&
  carriesOurLabelsAndAnnotations(manifest, live);

/** It was edited after our last write. If only fields were added that are not ours, our records still have to follow. */
const wasEdited = (live: LiveCrd): boolean =>
  annotationsOf(live)[CRD_HASH_ANNOTATION] !== undefined &&
  annotationsOf(live)[CRD_GENERATION_ANNOTATION] !== String(live.metadata.generation);

/** It takes its objects with it, and cannot be stopped. */
export const isTerminating = ({ metadata }: LiveCrd): boolean =>
  metadata.deletionTimestamp !== undefined;

/** What to do with one CRD, as far as its metadata tells; an `Update` is still to be confirmed by a dry run. */
export const planCrd = (manifest: CrdManifest, live: LiveCrd | undefined): PlannedCrd => {
  const decide = (): CrdVerdict => {
    if (live === undefined) return { _tag: "Create" };
    if (isTerminating(live)) return { _tag: "Update" };
    if (isOurUntouchedWrite(manifest, live)) return { _tag: "Skip", reason: "identical" };
    const newer = newerBundle(manifest, live);
    return newer === undefined ? { _tag: "Update" } : { _tag: "Skip", reason: "newer", ...newer };
  };
  return { manifest, live, verdict: decide() };
};

const agree = (ours: Json, theirs: Json | undefined): boolean => {
  if (Array.isArray(ours)) {
    return (
      Array.isArray(theirs) &&
      ours.length === theirs.length &&
      ours.every((value, index) => agree(value, theirs[index]))
    );
  }
  if (!isJsonObject(ours)) return ours === theirs;
  if (!isJsonObject(theirs)) return false;
  const keys = Object.keys(ours);
  return (
    keys.length === Object.keys(theirs).length &&
    keys.every((key) => agree(ours[key] as Json, theirs[key]))
  );
};

/** Everything our spec says, the live one says too; what the API server filled in above the versions does not count. */
const sameSpec = (ours: Json | undefined, theirs: Json | undefined): boolean =>
  isJsonObject(ours) &&
  isJsonObject(theirs) &&
  Object.entries(ours).every(([key, value]) => {
    const live = theirs[key];
    return isJsonObject(value) && isJsonObject(live)
      ? Object.entries(value).every(([inner, wanted]) => agree(wanted, live[inner]))
      : agree(value, live);
  });

/** Known without asking the server, for a CRD that another program wrote from the same manifest. */
export const isSameAsLive = (manifest: CrdManifest, live: KubeObject): boolean =>
  !wasEdited(live) &&
  carriesOurLabelsAndAnnotations(manifest, live) &&
  sameSpec(manifest.object.spec as Json, live.spec as Json);

/** Turns an `Update` whose dry run changed neither the spec nor an annotation into a `Skip`. */
export const confirmWithDryRun = (planned: PlannedCrd, dryRun: LiveCrd): PlannedCrd => {
  const { manifest, live, verdict } = planned;
  const unchanged =
    verdict._tag === "Update" &&
    live !== undefined &&
    !wasEdited(live) &&
    dryRun.metadata.generation === live.metadata.generation &&
    carriesOurLabelsAndAnnotations(manifest, live);
  return unchanged ? { ...planned, verdict: { _tag: "Skip", reason: "identical" } } : planned;
};

/** The object to write: the manifest with our records, `generation` being the one that the dry run announced. */
export const recordedManifest = (manifest: CrdManifest, generation: number): KubeObject => ({
  ...manifest.object,
  metadata: {
    ...manifest.object.metadata,
    annotations: {
      ...manifest.object.metadata.annotations,
      [CRD_HASH_ANNOTATION]: manifest.sha256,
      [CRD_GENERATION_ANNOTATION]: String(generation),
    },
  },
});

export interface CrdCounts {
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
}

export const countCrds = (plan: ReadonlyArray<PlannedCrd>): CrdCounts => {
  const count = (tag: CrdVerdict["_tag"]) =>
    plan.filter(({ verdict }) => verdict._tag === tag).length;
  return { created: count("Create"), updated: count("Update"), skipped: count("Skip") };
};
