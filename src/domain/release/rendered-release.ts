import type { KubeObject } from "../kube/objects.ts";

/** What a revision would consist of, before anything of it exists. */
export interface RenderedRelease {
  readonly objects: ReadonlyArray<KubeObject>;
  readonly hooks: ReadonlyArray<KubeObject>;
  /** Of the record Helm would store, gzipped and in base64; `undefined` when Helm did not show it. */
  readonly recordBytes: number | undefined;
}

/** The chart uses a kind whose CRD is not on the cluster yet. */
export const isUnservedKind = (helmText: string): boolean => /no matches for kind/i.test(helmText);

/** Helm puts what names no namespace into that of the release. */
export const inNamespace = (
  object: KubeObject,
  namespaced: boolean,
  namespace: string,
): KubeObject =>
  namespaced && object.metadata.namespace === undefined
    ? { ...object, metadata: { ...object.metadata, namespace } }
    : object;
