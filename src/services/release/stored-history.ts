/**
 * A release's history from Helm's own records, as `helm history` would print it: without a process, and each Secret
 * unpacked once for as long as it stays the same.
 */
import { Effect, Option, Redacted, Ref, Schema } from "effect";
import type { KubeObject, ObjectMeta, ResourceType } from "../../domain/kube/objects.ts";
import {
  byRevision,
  History,
  type HistoryLine,
  type ReleaseRef,
  releaseSecretName,
} from "../../domain/release/release.ts";
import type { Kubectl, KubectlError } from "../kube/Kubectl.ts";
import { historyLine, type RevisionContents, revisionContents } from "./release-secret.ts";

/** Each can be a megabyte. */
const SECRETS_AT_ONCE = 4;
/** Helm replaces several Secrets one after the other; by then it is done with them, or Helm is to be asked. */
const ATTEMPTS = 3;

/** One Secret, as it was when it had this resourceVersion. */
interface Unpacked {
  readonly resourceVersion: string | undefined;
  /** `undefined` where the record cannot be read: Helm passes such ones over. */
  readonly line: HistoryLine | undefined;
  /** Of a deployed revision, whose values and manifest are what a run asks for next. */
  readonly contents: Redacted.Redacted<RevisionContents> | undefined;
}

const decodeHistory = Schema.decodeUnknownOption(History);

const redacted = (contents: RevisionContents | undefined) =>
  contents === undefined ? undefined : Redacted.make(contents, { label: "release" });

const unpack = (release: ReleaseRef, secret: KubeObject): Unpacked => {
  const line = historyLine(secret);
  return {
    resourceVersion: secret.metadata.resourceVersion,
    line,
    contents:
      line?.status === "deployed"
        ? redacted(revisionContents(secret, release, line.revision))
        : undefined,
  };
};

export interface StoredHistory {
  /**
   * `undefined` when the Secrets changed again and again while they were read, or one has a status that Helm 3 and 4 do
   * not write. Fails when they cannot be read.
   */
  readonly history: (
    release: ReleaseRef,
    type: ResourceType,
  ) => Effect.Effect<History | undefined, KubectlError>;
  /** What Helm was given for a revision and made of it, neither of which ever changes; `undefined` when it cannot be had. */
  readonly contents: (
    release: ReleaseRef,
    revision: number,
    type: ResourceType,
  ) => Effect.Effect<Redacted.Redacted<RevisionContents> | undefined>;
}

export const makeStoredHistory = Effect.fnUntraced(function* (kubectl: Kubectl["Service"]) {
  /** The Secrets of each release as they were last listed, by UID: a reinstalled release has others under the same names. */
  const lastSeen = yield* Ref.make<ReadonlyMap<string, ReadonlyMap<string, Unpacked>>>(new Map());
  const keyOf = ({ name, namespace }: ReleaseRef): string => `${namespace}/${name}`;
  const seenOf = (release: ReleaseRef) =>
    Effect.map(Ref.get(lastSeen), (all) => all.get(keyOf(release)) ?? new Map<string, Unpacked>());

  const read = ({ namespace }: ReleaseRef, type: ResourceType, name: string) =>
    kubectl.get({ type, name, namespace });

  const unpackedOf = Effect.fnUntraced(function* (
    release: ReleaseRef,
    type: ResourceType,
    { name, resourceVersion }: ObjectMeta,
    known: Unpacked | undefined,
  ) {
    if (known !== undefined && known.resourceVersion === resourceVersion) return known;
    return Option.getOrUndefined(
      Option.map(yield* read(release, type, name), (found) => unpack(release, found)),
    );
  });

  /** What was there at one moment, as Helm's single list is; nothing when it changed meanwhile. */
  const snapshot = Effect.fnUntraced(function* (release: ReleaseRef, type: ResourceType) {
    const listed = yield* kubectl.list({
      type,
      namespace: release.namespace,
      labelSelector: `owner=helm,name=${release.name}`,
      metadataOnly: true,
    });
    const known = yield* seenOf(release);
    const seen = yield* Effect.forEach(
      listed,
      ({ metadata }) =>
        Effect.map(
          unpackedOf(release, type, metadata, known.get(metadata.uid ?? "")),
          (unpacked) => ({
            metadata,
            unpacked,
          }),
        ),
      { concurrency: SECRETS_AT_ONCE },
    );
    const there = seen.flatMap(({ metadata: { uid }, unpacked }) =>
      uid === undefined || unpacked === undefined ? [] : [[uid, unpacked] as const],
    );
    yield* Ref.update(lastSeen, (all) => new Map(all).set(keyOf(release), new Map(there)));
    const held = seen.every(
      ({ metadata, unpacked }) =>
        unpacked !== undefined && unpacked.resourceVersion === metadata.resourceVersion,
    );
    return held ? Option.some(seen.flatMap(({ unpacked }) => unpacked?.line ?? [])) : Option.none();
  });

  const stored: StoredHistory = {
    history: (release, type) =>
      snapshot(release, type).pipe(
        Effect.repeat({ until: Option.isSome, times: ATTEMPTS - 1 }),
        Effect.map((lines) => {
          const history = Option.flatMap(lines, decodeHistory);
          return Option.getOrUndefined(Option.map(history, byRevision));
        }),
      ),
    contents: Effect.fnUntraced(function* (release, revision, type) {
      for (const { line, contents } of (yield* seenOf(release)).values()) {
        if (line?.revision === revision && contents !== undefined) return contents;
      }
      const found = yield* Effect.orElseSucceed(
        read(release, type, releaseSecretName(release, revision)),
        Option.none<KubeObject>,
      );
      return Option.isNone(found)
        ? undefined
        : redacted(revisionContents(found.value, release, revision));
    }),
  };
  return stored;
});
