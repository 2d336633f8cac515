import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import { haVerdict } from "../../../src/domain/checks/ha-verdict.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const proxy = (name: string, envoyHpa?: unknown): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name, namespace: "tars-system" },
  spec: {
    provider: { type: "Kubernetes", kubernetes: envoyHpa === undefined ? {} : { envoyHpa } },
  },
});

describe("one EnvoyProxy", () => {
  it.each<[unknown, "HighlyAvailable" | "SingleReplica", number]>([
    [{ minReplicas: 2 }, "HighlyAvailable", 2],
    [{ minReplicas: 5, maxReplicas: 9 }, "HighlyAvailable", 5],
    [{ minReplicas: 1 }, "SingleReplica", 1],
    [{ minReplicas: 0 }, "SingleReplica", 0],
    [{ maxReplicas: 10 }, "SingleReplica", 1],
    [{ minReplicas: null }, "SingleReplica", 1],
    [{ minReplicas: "3" }, "SingleReplica", 1],
    [undefined, "SingleReplica", 1],
    ["garbage", "SingleReplica", 1],
  ])("with envoyHpa %j is %s", (hpa, tag, minReplicas) => {
    assert.deepStrictEqual(haVerdict([proxy("tars", hpa)]), {
      _tag: tag,
      minReplicas,
      envoyProxy: "tars",
      outOf: 1,
    });
  });

  it("without a spec counts as one replica", () => {
    const bare: KubeObject = { apiVersion: "v1", kind: "EnvoyProxy", metadata: { name: "bare" } };
    assert.propertyVal(haVerdict([bare]), "minReplicas", 1);
  });
});

it("a proxy on each node is not counted by an autoscaler's minimum", () => {
  const onEachNode: KubeObject = {
    ...proxy("nodes"),
    spec: { provider: { kubernetes: { envoyDaemonSet: {} } } },
  };
  assert.propertyVal(haVerdict([onEachNode, proxy("tars", { minReplicas: 2 })]), "minReplicas", 2);
  assert.propertyVal(haVerdict([onEachNode]), "_tag", "Unknown");
});

describe("several EnvoyProxies", () => {
  it("are as available as the lowest, which is named", () => {
    assert.deepStrictEqual(
      haVerdict([
        proxy("a", { minReplicas: 3 }),
        proxy("b", { minReplicas: 1 }),
        proxy("c", { minReplicas: 2 }),
      ]),
      { _tag: "SingleReplica", minReplicas: 1, envoyProxy: "b", outOf: 3 },
    );
  });

  it("one that does not say is the lowest", () => {
    assert.propertyVal(haVerdict([proxy("a", { minReplicas: 2 }), proxy("b")]), "envoyProxy", "b");
  });

  const Replicas = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }));
  it.prop(
    "are highly available exactly when each is, in whatever order",
    [Schema.NonEmptyArray(Replicas)],
    ([numbers]) => {
      const proxies = numbers.map((minReplicas, index) => proxy(`p${index}`, { minReplicas }));
      const verdict = haVerdict(proxies);
      assert.strictEqual(
        verdict._tag === "HighlyAvailable",
        numbers.every((n) => n >= 2),
      );
      const reversed = haVerdict([...proxies].reverse());
      assert.strictEqual(reversed._tag, verdict._tag);
      assert.propertyVal(verdict, "minReplicas", Math.min(...numbers));
      assert.propertyVal(reversed, "minReplicas", Math.min(...numbers));
    },
  );
});

it("no EnvoyProxy is no verdict", () => {
  assert.deepStrictEqual(haVerdict([]), {
    _tag: "Unknown",
    why: { _tag: "NoEnvoyProxy" },
  });
});
