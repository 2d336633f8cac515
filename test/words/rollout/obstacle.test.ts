import { assert, describe, it } from "@effect/vitest";
import type { Deviation } from "../../../src/domain/rollout/deviation.ts";
import type { Obstacle } from "../../../src/domain/rollout/trouble/obstacle.ts";
import { describeDeviation } from "../../../src/words/rollout/deviation.ts";
import { describeObstacle } from "../../../src/words/rollout/obstacle.ts";

const secret = { pod: "tars-dataplane/egress-1", secret: "tls", hadItBefore: false };

describe("why a data plane does not count as upgraded", () => {
  it.each<[Obstacle, string]>([
    [
      { _tag: "Workload", name: "egress", waitingFor: { _tag: "Unobserved" } },
      "egress: the controller has not picked up the change yet",
    ],
    [
      { _tag: "SecretWithheld", secret },
      "pod tars-dataplane/egress-1 is ready but never got TLS secret tls: its listeners refuse connections (restarting the pod usually helps)",
    ],
    [
      { _tag: "SecretWithheld", secret: { ...secret, hadItBefore: true } },
      "pod tars-dataplane/egress-1 is ready but did not get TLS secret tls again: its listeners refuse connections (restarting the pod usually helps)",
    ],
    [{ _tag: "Unwatched", detail: "no route" }, "no route"],
    [{ _tag: "Unstable" }, "the data plane is ready but has not been stable long enough"],
    [{ _tag: "Interrupted" }, "interrupted before the data plane had settled"],
  ])("%j", (obstacle, words) => {
    assert.strictEqual(describeObstacle(obstacle), words);
  });
});

describe("how an object is not as the restored revision has it", () => {
  it.each<[Deviation, string]>([
    [{ _tag: "Missing" }, "it is missing"],
    [
      { _tag: "OtherImage", container: "main", found: "app:2", wanted: "app:1" },
      "container main runs image app:2, not app:1",
    ],
    [{ _tag: "OtherField", field: "data.settings" }, "data.settings is not what it was"],
  ])("%j", (deviation, words) => {
    assert.strictEqual(describeDeviation(deviation), words);
  });
});
