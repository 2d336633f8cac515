import { assert, describe, it } from "@effect/vitest";
import type { ReportEvent } from "../../../src/domain/report/report.ts";
import { endLines, NOTHING_YET, withEvent } from "../../../src/render/text/rollout/end-of-run.ts";

const finished = (id: string, millis: number): ReportEvent => ({
  _tag: "PhaseFinished",
  phase: { id, title: id, index: 1, total: 5 },
  millis,
  succeeded: true,
});

const workload = (
  name: string,
  group: "release" | "data-plane",
  ready: number,
  desired: number,
) => ({
  ...{ name, group, ready, desired, updated: ready, draining: 0 },
  waitingFor: undefined,
  lastEvent: undefined,
});

const progress = (...deployments: ReadonlyArray<ReturnType<typeof workload>>): ReportEvent => ({
  _tag: "DataPlaneProgress",
  deployments,
});

const lineAfter = (events: ReadonlyArray<ReportEvent>, fromVersion = "1.1.0") =>
  endLines(events.reduce(withEvent, NOTHING_YET), {
    _tag: "Completed",
    operation: "upgrade",
    revision: 8,
    fromVersion,
    toVersion: "1.2.0",
    hints: [],
  });

describe("the last line of a run", () => {
  it("says from where to where, what is ready, and how long each phase took", () => {
    const events = [
      finished("preflight", 1_400),
      finished("discover", 300),
      progress(workload("egress", "data-plane", 1, 2), workload("ai-gateway", "release", 2, 2)),
      finished("apply-crds", 2_600),
      progress(
        workload("egress", "data-plane", 2, 2),
        workload("edge", "data-plane", 3, 3),
        workload("ai-gateway", "release", 2, 2),
      ),
      finished("helm-upgrade", 125_700),
    ];
    assert.deepStrictEqual(lineAfter(events), [
      "",
      "1.1.0 → 1.2.0 as revision 8, 5 of 5 proxies ready, took 2m10s (preflight 1s, apply-crds 3s, helm-upgrade 2m6s)",
    ]);
  });

  it("names no phase where one took all the time, and no version twice", () => {
    assert.deepStrictEqual(lineAfter([finished("helm-upgrade", 9_000)], "1.2.0"), [
      "",
      "1.2.0 as revision 8, took 9s",
    ]);
  });

  it("is not there where nothing was told of the run", () => {
    assert.deepStrictEqual(lineAfter([]), []);
  });

  it("counts one proxy as one", () => {
    const events = [progress(workload("egress", "data-plane", 1, 1)), finished("helm-upgrade", 0)];
    assert.deepStrictEqual(lineAfter(events), [
      "",
      "1.1.0 → 1.2.0 as revision 8, 1 of 1 proxy ready, took 0s",
    ]);
  });
});
