/** What a backup brings back: the same objects with other UIDs, as Velero makes them. */
import { Effect } from "effect";
import { ConfigMap, Secret } from "../../src/domain/kube/objects.ts";
import { FakeCluster } from "./cluster/FakeCluster.ts";
import { matchesSelector } from "./cluster/selectors.ts";

export const restoreRecords = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  for (const type of [Secret, ConfigMap]) {
    for (const record of yield* cluster.all(type)) {
      if (!matchesSelector(record, "owner=helm")) continue;
      const { name, namespace = "", labels } = record.metadata;
      yield* cluster.purge({ type, name, namespace });
      yield* cluster.seed(type, {
        ...record,
        metadata: { name, namespace, labels: { ...labels, "velero.io/restore-name": "night" } },
      });
    }
  }
});
