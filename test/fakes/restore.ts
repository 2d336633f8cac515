/** What a backup brings back: the same objects with other UIDs, as Velero makes them. */
import { Effect } from "effect";
import { Secret } from "../../src/domain/kube.ts";
import { FakeCluster } from "./cluster/FakeCluster.ts";
import { matchesSelector } from "./cluster/selectors.ts";

export const restoreRecords = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  for (const secret of yield* cluster.all(Secret)) {
    if (!matchesSelector(secret, "owner=helm")) continue;
    const { name, namespace = "", labels } = secret.metadata;
    yield* cluster.purge({ type: Secret, name, namespace });
    yield* cluster.seed(Secret, {
      ...secret,
      metadata: { name, namespace, labels: { ...labels, "velero.io/restore-name": "night" } },
    });
  }
});
