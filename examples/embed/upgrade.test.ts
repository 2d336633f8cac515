/** Tested against the in-memory cluster that tare itself is tested with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Effect, Exit, Layer, Option } from "effect";
import { TestClock } from "effect/testing";
import { DEFAULT_UPGRADE_OPTIONS } from "tare";
import {
  dataPlane,
  historyLines,
  IDENTITY,
  outboxEvents,
  type Scenario,
  simulate,
  tarsChart,
  unreachable,
  world,
  writesOf,
} from "tare/testing";
import { ChangeWindow } from "./change-window.ts";
import { layerJsonReporter } from "./json-reporter.ts";
import { upgradeInWindow } from "./upgrade.ts";

interface Run {
  readonly scenario?: Scenario;
  readonly recover?: boolean;
  readonly hours: readonly [from: number, to: number];
}

/** One upgrade in virtual time, which begins at midnight UTC. */
const upgraded = ({ scenario = {}, hours, recover = false }: Run) => {
  const lines: Array<string> = [];
  const services = Layer.mergeAll(
    world(scenario),
    layerJsonReporter((line) => lines.push(line)),
    ChangeWindow.layer(...hours),
  );
  return Effect.runPromise(
    Effect.gen(function* () {
      const { exit } = yield* simulate(
        upgradeInWindow({ ...DEFAULT_UPGRADE_OPTIONS, recover }, IDENTITY),
      );
      return {
        exit,
        error: Option.getOrUndefined(Exit.findErrorOption(exit)),
        history: yield* historyLines,
        dataPlane: yield* dataPlane,
        writes: yield* writesOf("tare"),
        events: (yield* outboxEvents).map(({ status, error_code: code }) => [status, code]),
        phases: lines
          .map((line): { _tag: string; phase?: { title: string } } => JSON.parse(line))
          .flatMap(({ _tag, phase }) => (_tag === "PhaseStarted" ? [phase?.title] : [])),
      };
    }).pipe(Effect.provide(services), Effect.provide(TestClock.layer())),
  );
};

test("in the window the release is upgraded, our step between two of tare's", async () => {
  const run = await upgraded({ hours: [0, 8] });
  assert.ok(Exit.isSuccess(run.exit), String(run.exit));
  assert.equal(run.history.at(-1), "2 deployed Upgrade complete");
  assert.equal(run.dataPlane, "gcr.io/acme/tars/envoy:envoy-1.2.0 2/2");
  assert.deepEqual(run.phases.slice(2, 5), [
    "HA preflight",
    "Change window",
    "Apply / update CRDs",
  ]);
  assert.deepEqual(run.events, [["success", undefined]]);
});

test("outside of it nothing is written", async () => {
  const run = await upgraded({ hours: [8, 16] });
  assert.equal(run.error?._tag, "WindowClosed");
  assert.deepEqual(run.writes, []);
  assert.deepEqual(run.history, ["1 deployed Install complete"]);
});

test("a data plane that never comes up is rolled back", async () => {
  const chart = tarsChart({ version: "1.2.0", envoyTag: "crash-loop" });
  const run = await upgraded({ scenario: { chart }, hours: [0, 8] });
  assert.equal(run.error?._tag, "UpgradeRolledBack");
  assert.deepEqual(run.events, [["failed", "UpgradeRolledBack"]]);
  assert.equal(run.dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");
});

test("a release that a killed run left pending is brought back first", async () => {
  const pending = { status: "pending-upgrade", chart: tarsChart({ version: "1.2.0" }) } as const;
  const scenario = { revisions: [{ status: "deployed" } as const, pending] };
  const run = await upgraded({ scenario, hours: [0, 8], recover: true });
  assert.ok(Exit.isSuccess(run.exit), String(run.exit));
  assert.deepEqual(run.history.slice(2), [
    "3 superseded Rollback to 1",
    "4 deployed Upgrade complete",
  ]);
});

test("a cluster that does not answer is told apart", async () => {
  const run = await upgraded({ scenario: { faults: [{ trouble: unreachable }] }, hours: [0, 8] });
  assert.equal(run.error?._tag, "PreflightFailed");
});
