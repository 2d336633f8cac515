import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import type { RollReason } from "../../../src/domain/plan/roll-reason.ts";
import {
  describeKept,
  describeLimit,
  describeRoll,
  describeRolled,
} from "../../../src/words/plan/plan.ts";

describe("why pods are replaced", () => {
  it.each<[RollReason, string]>([
    [{ _tag: "Template", field: "spec.a", more: 0 }, "spec.a"],
    [{ _tag: "Template", field: "spec.a", more: 2 }, "spec.a and 2 more"],
    [
      { _tag: "EnvoyProxy", name: "egress", changesSidecar: undefined },
      "EnvoyProxy egress changes",
    ],
    [
      { _tag: "EnvoyProxy", name: "egress", changesSidecar: "ai-gateway-controller" },
      "EnvoyProxy egress changes; possibly twice: ai-gateway-controller changes their sidecar",
    ],
    [
      { _tag: "Controller", name: "ai-gateway-controller" },
      "possibly: ai-gateway-controller changes, and decides what runs in them",
    ],
    [
      { _tag: "ShortDrain", drain: Duration.minutes(1), asked: Duration.minutes(5) },
      "before Helm starts: they drain for 1m, and 5m is asked for",
    ],
  ])("%j", (why, words) => {
    assert.strictEqual(describeRoll(why), words);
  });

  it("is told beside whose they are", () => {
    assert.strictEqual(
      describeRolled({ workload: { kind: "data plane", name: "egress" } }),
      "data plane egress",
    );
  });
});

it("a CRD that is kept says by whom", () => {
  assert.strictEqual(describeKept({ _tag: "Platform", platform: "GKE" }), "managed by GKE");
  assert.strictEqual(
    describeKept({ _tag: "NewerBundle", live: "v1.6.0", ours: "v1.5.1" }),
    "the cluster's v1.6.0 is newer than v1.5.1",
  );
});

it("a plan says what it cannot tell", () => {
  assert.strictEqual(
    describeLimit({ _tag: "WithoutServer", detail: "forbidden" }),
    "rendered without the cluster's answers (forbidden): what the chart looks up, as certificates, may show as changing",
  );
  assert.strictEqual(
    describeLimit({ _tag: "Object", object: "Secret n/s", detail: "forbidden" }),
    "Secret n/s: forbidden",
  );
});
