/**
 * A release's history from Helm's own Secrets, as `helm history` would print it: without a process, and each Secret
 * unpacked once for as long as it stays the same.
 */
import { Effect, Option, Redacted, Ref } from "effect";
import { type KubeObject, type ObjectMeta, Secret } from "../domain/kube.ts";
import {
  byRevision,
  type History,
  type ReleaseRef,
  type Revision,
  releaseSecretName,
} from "../domain/release.ts";
import type { Kubectl, KubectlError } from "./Kubectl.ts";
import { historyEntry, type RevisionContents, revisionContents } from "./release-secret.ts";

/** Each can be a megabyte. */
const SECRETS_AT_ONCE = 4;
/** Helm replaces several Secrets one after the other; by then it is done with them, or Helm is to be asked. */
const ATTEMPTS = 3;

interface Unpacked {
  readonly resourceVersion: string | undefined;
  /** `undefined` where the record cannot be read: Helm passes such ones over. */
  readonly entry: Revision | undefined;
}

export interface StoredHistory {
  /** `undefined` when the Secrets changed again and again while they were read. Fails when they cannot be read. */
  readonly history: (release: ReleaseRef) => Effect.Effect<History | undefined, KubectlError>;
  /** What Helm was given for a revision and made of it, neither of which ever changes; `undefined` when it cannot be had. */
  readonly contents: (
    release: ReleaseRef,
    revision: number,
  ) => Effect.Effect<Redacted.Redacted<RevisionContents> | undefined>;
}

export const makeStoredHistory = Effect.fnUntraced(function* (kubectl: Kubectl["Service"]) {
  const unpacked = yield* Ref.make<ReadonlyMap<string, Unpacked>>(new Map());
  /** Of deployed revisions, whose values and manifest are what a run asks for next; by the name of the Secret. */
  const deployed = yield* Ref.make<ReadonlyMap<string, Redacted.Redacted<RevisionContents>>>(
    new Map(),
  );

  const keep = <A>(ref: Ref.Ref<ReadonlyMap<string, A>>, key: string, value: A) =>
    Ref.update(ref, (known) => new Map(known).set(key, value));

  const unpack = Effect.fnUntraced(function* (release: ReleaseRef, secret: KubeObject) {
    const { name, uid = name, resourceVersion } = secret.metadata;
    const entry = historyEntry(secret);
    yield* keep(unpacked, uid, { resourceVersion, entry });
    if (entry?.status !== "deployed") return entry;
    const contents = revisionContents(secret, release, entry.revision);
    if (contents !== undefined) {
      yield* keep(deployed, name, Redacted.make(contents, { label: "release" }));
    }
    return entry;
  });

  /** Nothing when it is no longer the Secret that was listed. */
  const entryOf = Effect.fnUntraced(function* (release: ReleaseRef, listed: ObjectMeta) {
    const { name, uid = name, resourceVersion } = listed;
    const known = (yield* Ref.get(unpacked)).get(uid);
    if (known !== undefined && known.resourceVersion === resourceVersion) {
      return Option.some(known.entry);
    }
    const found = yield* kubectl.get({ type: Secret, name, namespace: release.namespace });
    if (Option.isNone(found)) return Option.none<Revision | undefined>();
    const entry = yield* unpack(release, found.value);
    return found.value.metadata.resourceVersion === resourceVersion
      ? Option.some(entry)
      : Option.none<Revision | undefined>();
  });

  /** What was there at one moment, as Helm's single list is; nothing when it changed meanwhile. */
  const snapshot = Effect.fnUntraced(function* (release: ReleaseRef) {
    const listed = yield* kubectl.list({
      type: Secret,
      namespace: release.namespace,
      labelSelector: `owner=helm,name=${release.name}`,
      metadataOnly: true,
    });
    const entries = yield* Effect.forEach(listed, ({ metadata }) => entryOf(release, metadata), {
      concurrency: SECRETS_AT_ONCE,
    });
    return Option.map(Option.all(entries), (all) =>
      byRevision(all.flatMap((entry) => entry ?? [])),
    );
  });

  const stored: StoredHistory = {
    history: (release) =>
      snapshot(release).pipe(
        Effect.repeat({ until: Option.isSome, times: ATTEMPTS - 1 }),
        Effect.map(Option.getOrUndefined),
      ),
    contents: Effect.fnUntraced(function* (release, revision) {
      const name = releaseSecretName(release, revision);
      const known = (yield* Ref.get(deployed)).get(name);
      if (known !== undefined) return known;
      const found = yield* Effect.orElseSucceed(
        kubectl.get({ type: Secret, name, namespace: release.namespace }),
        Option.none<KubeObject>,
      );
      const contents = Option.isNone(found)
        ? undefined
        : revisionContents(found.value, release, revision);
      return contents === undefined ? undefined : Redacted.make(contents, { label: "release" });
    }),
  };
  return stored;
});
