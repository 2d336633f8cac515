import { Effect } from "effect";
import { CustomResourceDefinition, refOf } from "../../../src/domain/kube/objects.ts";
import { established } from "../cluster/crds.ts";
import { FakeCluster } from "../cluster/FakeCluster.ts";

/** Between the write and the moment the new type is served. */
const ESTABLISHED_AFTER = "300 millis";

/** Serves new types after a while, as the API server does. */
export const crdController = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  yield* cluster.react(({ type, before, after }) =>
    type.plural === CustomResourceDefinition.plural && before === undefined && after !== undefined
      ? Effect.andThen(
          Effect.sleep(ESTABLISHED_AFTER),
          cluster.setStatus(refOf(type, after), established),
        )
      : undefined,
  );
});
