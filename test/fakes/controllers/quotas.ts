/** The controller of ResourceQuotas: keeps what they count. */
import { Effect } from "effect";
import {
  ConfigMap,
  Pod,
  ResourceQuota,
  type ResourceType,
  refOf,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";
import { quotaStatus } from "../cluster/room.ts";

/** Of these it can be told here how many there are. */
const COUNTED: ReadonlyArray<ResourceType> = [ConfigMap, Pod, Secret];

export const quotaController = Effect.gen(function* () {
  const cluster = yield* FakeCluster;

  const count = Effect.fnUntraced(function* (namespace: string | undefined) {
    for (const quota of yield* cluster.all(ResourceQuota, namespace)) {
      const store = yield* cluster.snapshot;
      // One that was seeded with its counts is nobody's to keep.
      if (quota.spec === undefined) continue;
      yield* cluster.setStatus(refOf(ResourceQuota, quota), quotaStatus(store, quota, COUNTED));
    }
  });

  yield* cluster.react(({ type, before, after }) => {
    const isNew = before === undefined || after === undefined;
    const counts =
      type.plural === ResourceQuota.plural || COUNTED.some(({ plural }) => plural === type.plural);
    return counts && isNew ? count((after ?? before)?.metadata.namespace) : undefined;
  });
});
