/** How quotas of objects count, and what the server says where one is full. */
import { assert } from "@effect/vitest";
import { Effect } from "effect";
import {
  type KubeObject,
  ResourceQuota,
  Secret,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const RESOURCE = "count/secrets";

const secret = (namespace: string, name: string, value = "x"): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  stringData: { value },
});

const used = Effect.fnUntraced(function* (namespace: string) {
  const kubectl = yield* Kubectl;
  const [quota] = yield* kubectl.list({ type: ResourceQuota, namespace });
  return stringAt(quota, "status", "used", RESOURCE);
});

export const quotas: ReadonlyArray<ContractCase> = [
  inCluster(
    "a full quota of objects refuses one more, rehearsed or not, and no change of what is there",
    Effect.gen(function* () {
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      yield* kubectl.create(ResourceQuota, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "tenant", namespace },
        spec: { hard: { [RESOURCE]: "1" } },
      });
      assert.strictEqual(yield* eventually(used(namespace), (count) => count === "0"), "0");
      const as = { fieldManager: "one", force: false };
      yield* kubectl.apply(Secret, secret(namespace, "first"), as);
      assert.strictEqual(yield* eventually(used(namespace), (count) => count === "1"), "1");
      for (const dryRun of [true, false]) {
        const error = yield* Effect.flip(
          kubectl.apply(Secret, secret(namespace, "second"), { ...as, dryRun }),
        );
        assert.strictEqual(error.reason, "Rejected");
        assert.include(
          error.detail,
          `secrets "second" is forbidden: exceeded quota: tenant, requested: ${RESOURCE}=1, used: ${RESOURCE}=1, limited: ${RESOURCE}=1`,
        );
      }
      yield* kubectl.apply(Secret, secret(namespace, "first", "y"), as);
      yield* kubectl.delete({ type: Secret, name: "first", namespace });
      assert.strictEqual(yield* eventually(used(namespace), (count) => count === "0"), "0");
      yield* kubectl.apply(Secret, secret(namespace, "second"), as);
    }),
  ),
];
