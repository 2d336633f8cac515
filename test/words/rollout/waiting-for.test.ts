import { assert, describe, it } from "@effect/vitest";
import type { Staleness, WaitingFor } from "../../../src/domain/rollout/trouble/waiting-for.ts";
import { describeWaiting } from "../../../src/words/rollout/waiting-for.ts";

const stale = (staleness: Staleness, refusal?: string): WaitingFor => ({
  _tag: "Stale",
  staleness,
  refusal,
});

describe("what is waited for", () => {
  it.each<[WaitingFor, string]>([
    [{ _tag: "Unobserved" }, "the controller has not picked up the change yet"],
    [{ _tag: "ScaledToZero" }, "it is scaled to zero"],
    [
      { _tag: "PodsUpdated", count: 1, desired: 2, isEarlier: false },
      "1 of 2 pods run the new template",
    ],
    [
      { _tag: "PodsUpdated", count: 1, desired: 2, isEarlier: true },
      "1 of 2 pods run the template of before this run",
    ],
    [{ _tag: "OldPodsGone", count: 2 }, "2 old pods are terminating"],
    [{ _tag: "PodsReady", count: 1, desired: 2 }, "1 of 2 pods are ready"],
    [{ _tag: "PodsAvailable", count: 1, desired: 2 }, "1 of 2 pods are available"],
    [{ _tag: "PodsFinished", count: 0, desired: 1 }, "0 of 1 pods have finished"],
    [{ _tag: "Deployment" }, "no Deployment was made for this Gateway"],
    [{ _tag: "EnvoyGateway" }, "Envoy Gateway has not made it"],
    [
      { _tag: "Refused", kind: "GatewayClass", name: "tars", reason: "Invalid", message: "no" },
      "GatewayClass tars is refused by Envoy Gateway: Invalid: no",
    ],
    [
      stale({ _tag: "Image", found: "envoy:1", asked: "envoy:2" }),
      "image not updated yet (envoy:1 → envoy:2)",
    ],
    [
      stale({ _tag: "Image", found: undefined, asked: "envoy:2" }),
      "image not updated yet (none → envoy:2)",
    ],
    [
      stale({ _tag: "DrainTime", found: 360, asked: 600 }),
      "still gives pods 360 s to drain, not 600 s",
    ],
    [
      stale({ _tag: "DrainTime", found: undefined, asked: 600 }),
      "still gives pods the default time to drain, not 600 s",
    ],
    [
      stale({ _tag: "Field", path: "minReadySeconds", found: undefined, asked: "10" }, "no: 403"),
      "still has minReadySeconds = nothing, not 10; the server refuses that: no: 403",
    ],
  ])("%j", (waiting, words) => {
    assert.strictEqual(describeWaiting(waiting), words);
  });
});
