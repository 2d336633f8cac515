/** The namespace controller: what is in a namespace goes before it, and nothing new comes into one that goes. */
import { Clock, Effect } from "effect";
import {
  type KubeObject,
  Namespace,
  type ResourceType,
  refOf,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { allTyped } from "../cluster/store.ts";

const LOOKS_EVERY = "1 second";

export const namespaceController = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const closed = new Set<string>();

  yield* cluster.admit(({ namespaced }: ResourceType, { metadata }: KubeObject) => {
    const { namespace = "", uid } = metadata;
    return namespaced && uid === undefined && closed.has(namespace)
      ? `unable to create new content in namespace ${namespace} because it is being terminated`
      : undefined;
  });

  const empty = Effect.fnUntraced(function* (name: string) {
    while (true) {
      const store = yield* cluster.snapshot;
      const inside = allTyped(store).filter(({ object }) => object.metadata.namespace === name);
      if (inside.length === 0) return yield* cluster.purge({ type: Namespace, name });
      for (const { type, object } of inside) yield* cluster.remove(refOf(type, object));
      yield* Effect.sleep(LOOKS_EVERY);
    }
  });

  /** One that a test says to be going since another time stays as the test made it. */
  const ifItsTime = (after: KubeObject, act: Effect.Effect<void>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Date.parse(after.metadata.deletionTimestamp ?? "") <= now ? act : Effect.void,
    );

  yield* cluster.react(({ type, before, after }) => {
    if (type.plural !== Namespace.plural) return undefined;
    const { name } = (after ?? before)?.metadata ?? { name: "" };
    // A write to one that has gone is refused as well; made anew, it is another one.
    if (before === undefined) closed.delete(name);
    const isBegun =
      after?.metadata.deletionTimestamp !== undefined &&
      before?.metadata.deletionTimestamp === undefined;
    if (!isBegun) return undefined;
    return ifItsTime(
      after,
      Effect.suspend(() => {
        closed.add(name);
        return empty(name);
      }),
    );
  });
});
