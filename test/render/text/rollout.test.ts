import { assert, describe, it } from "@effect/vitest";
import { Effect, Layer } from "effect";
import { TestClock } from "effect/testing";
import type { ReportEvent } from "../../../src/domain/report/report.ts";
import type { WorkloadProgress } from "../../../src/domain/rollout/progress.ts";
import { columnsOf } from "../../../src/render/text/columns.ts";
import { layerReporterTerminal } from "../../../src/render/text/ReporterText.ts";
import {
  EMPTY_LOG,
  logEvent,
  logTick,
  type RolloutLog,
} from "../../../src/render/text/rollout/rollout-log.ts";
import { rowsTaken, tableLines } from "../../../src/render/text/rollout/rollout-table.ts";
import { PLAIN } from "../../../src/render/text/text.ts";
import { Reporter } from "../../../src/services/report/Reporter.ts";

const workload = (over: Partial<WorkloadProgress> = {}): WorkloadProgress => ({
  name: "egress",
  group: "data-plane",
  ready: 2,
  desired: 2,
  updated: 2,
  draining: 0,
  waitingFor: undefined,
  lastEvent: undefined,
  ...over,
});
const rolling = (over: Partial<WorkloadProgress> = {}) =>
  workload({
    waitingFor: { _tag: "PodsUpdated", count: 1, desired: 2, isEarlier: false },
    ...over,
  });
const event = (reason: string, detail = "") => ({ reason, detail });

const STARTED: ReportEvent = {
  _tag: "RolloutStarted",
  stage: "helm upgrade",
  budgetMillis: 600_000,
};
const progress = (...deployments: ReadonlyArray<WorkloadProgress>): ReportEvent => ({
  _tag: "DataPlaneProgress",
  deployments,
});

/** Lines by second, from a log that is told these events at these seconds. */
const logged = (until: number, events: Readonly<Record<number, ReportEvent>>) => {
  const lines: Array<string> = [];
  let log: RolloutLog = EMPTY_LOG;
  for (let second = 0; second <= until; second++) {
    const event = events[second];
    const steps = [...(event === undefined ? [] : [logEvent(log, event, second * 1000)])] as const;
    for (const [next, told] of steps) {
      log = next;
      lines.push(...told.map((line) => `${second}: ${line}`));
    }
    const [next, told] = logTick(log, second * 1000);
    log = next;
    lines.push(...told.map((line) => `${second}: ${line}`));
  }
  return lines;
};

describe("a rollout in a log", () => {
  it("says nothing of what is and stays as it should be, but that it is alive", () => {
    assert.deepStrictEqual(logged(70, { 0: STARTED, 1: progress(workload()) }), [
      "30: waiting for helm upgrade, 30s of 10m",
      "60: waiting for helm upgrade, 1m of 10m",
    ]);
  });

  it("tells changes once, not too often, and the end at once", () => {
    assert.deepStrictEqual(
      logged(45, {
        0: STARTED,
        1: progress(workload()),
        5: progress(rolling()),
        6: progress(rolling({ waitingFor: { _tag: "Unobserved" } })),
        7: progress(rolling()),
        8: progress(rolling({ waitingFor: { _tag: "OldPodsGone", count: 1 } })),
        40: progress(workload()),
      }),
      [
        "5: data plane egress: 2/2 ready, 1 of 2 pods run the new template",
        "25: data plane egress: 2/2 ready, 1 old pod is terminating",
        "40: data plane egress: 2/2 ready",
      ],
    );
  });

  it("of a pod that fails again and again is told twice, not for ever", () => {
    const flapping = Object.fromEntries(
      Array.from({ length: 300 }, (_, second) => [
        second,
        progress(
          rolling({
            lastEvent: second % 2 === 0 ? event("CrashLoopBackOff") : event("NotReady", "x"),
          }),
        ),
      ]),
    );
    const lines = logged(300, { ...flapping, 0: STARTED });
    assert.isAtMost(lines.length, 14);
    assert.strictEqual(lines.filter((line) => /CrashLoopBackOff|NotReady/.test(line)).length, 2);
  });
});

describe("a rollout in a table", () => {
  const waiting = { stage: "helm upgrade", startedAtMillis: 0, budgetMillis: 600_000 } as const;
  const many = Array.from({ length: 30 }, (_, number) => workload({ name: `workload-${number}` }));
  const long = rolling({
    lastEvent: event("ImagePullBackOff", `${"very ".repeat(40)}long`),
    draining: 1,
    ready: 1,
  });

  const rows = (...workloads: ReadonlyArray<WorkloadProgress>) => ({ workloads, draining: [] });

  it("shows below them the old proxies with their streams", () => {
    const draining = [
      { pod: "egress-1-a", streams: 12 },
      { pod: "egress-1-b", streams: 1 },
    ];
    const shown = { workloads: [rolling()], draining };
    const lines = tableLines(waiting, shown, 0, { columns: 80, rows: 24 });
    assert.deepStrictEqual(lines.slice(2), [
      "  egress-1-a drains, 12 streams open",
      "  egress-1-b drains, 1 stream open",
    ]);
    const small = tableLines(waiting, shown, 0, { columns: 80, rows: 5 });
    assert.deepStrictEqual(small.slice(2), [
      "  egress-1-a drains, 12 streams open",
      "  and 1 more",
    ]);
  });

  it.each([[80], [120], [40], [12]])("fits %d columns", (columns) => {
    const lines = tableLines(waiting, rows(long, workload({ name: "x".repeat(60) })), 65_000, {
      columns,
      rows: 24,
    });
    for (const line of lines) assert.isBelow(line.length, columns);
  });

  it.each([[80], [40]])("fits %d columns when pods speak in wide letters", (columns) => {
    const wide = rolling({ lastEvent: event("CrashLoopBackOff", "設定が壊れている".repeat(20)) });
    const lines = tableLines(waiting, rows(wide), 0, { columns, rows: 24 });
    for (const line of lines) assert.isBelow(columnsOf(line), columns);
    assert.strictEqual(rowsTaken(lines, columns), lines.length);
  });

  it("says how long, how far, what drains and what is wrong", () => {
    const [header, row] = tableLines(waiting, rows(long), 65_000, { columns: 80, rows: 24 });
    assert.strictEqual(header, "  waiting for helm upgrade, 1m5s of 10m");
    assert.strictEqual(
      row,
      "  egress █████░░░░░   1/2  1 draining  ImagePullBackOff: very very very very v…",
    );
  });

  it("fits the rows of the screen, what is unfinished first", () => {
    const lines = tableLines(waiting, rows(...many, rolling()), 0, { columns: 80, rows: 10 });
    assert.isBelow(lines.length, 10);
    assert.include(lines[1], "egress");
    assert.strictEqual(lines.at(-1), "  and 24 more");
  });

  it("that has been wrapped by a narrower terminal takes more rows", () => {
    assert.strictEqual(rowsTaken(["x".repeat(79), "short"], 80), 2);
    assert.strictEqual(rowsTaken(["x".repeat(79), "short"], 40), 3);
  });
});

/** What is on the screen after these writes: cursor up, carriage return, erase below, lines. */
const screenOf = (writes: ReadonlyArray<string>): ReadonlyArray<string> => {
  let rows: Array<string> = [""];
  for (const write of writes) {
    const up = new RegExp(`^${"\u001b"}\\[(\\d+)A\r${"\u001b"}\\[J`).exec(write);
    if (up !== null) rows = [...rows.slice(0, rows.length - 1 - Number(up[1])), ""];
    const [first = "", ...rest] = write.slice(up?.[0].length ?? 0).split("\n");
    rows[rows.length - 1] += first;
    rows.push(...rest);
  }
  return rows.slice(0, -1);
};

const warned = (cause: string): ReportEvent => ({
  _tag: "Warning",
  warning: { code: "failure-report-not-kept", cause },
});

describe("the terminal", () => {
  it.effect("draws the table in its place, below everything that was said", () => {
    const writes: Array<string> = [];
    const screen = { columns: 80, rows: 24, write: (text: string) => writes.push(text) };
    return Effect.gen(function* () {
      const { report } = yield* Reporter;
      yield* report(warned("before"));
      yield* report(STARTED);
      yield* report(progress(rolling(), workload({ name: "redis", group: "release" })));
      yield* TestClock.adjust("3 seconds");
      assert.deepStrictEqual(screenOf(writes), [
        "warning: could not save the failure report: before",
        "  waiting for helm upgrade, 3s of 10m",
        "  egress ██████████   2/2  1 of 2 pods run the new template",
        "  redis  ██████████   2/2",
      ]);
      yield* report(warned("between"));
      assert.strictEqual(
        screenOf(writes)[1],
        "warning: could not save the failure report: between",
      );
      yield* report({ _tag: "RolloutEnded" });
      yield* report(warned("after"));
      yield* TestClock.adjust("1 minute");
      assert.deepStrictEqual(screenOf(writes), [
        "warning: could not save the failure report: before",
        "warning: could not save the failure report: between",
        "warning: could not save the failure report: after",
      ]);
    }).pipe(Effect.provide(Layer.fresh(layerReporterTerminal(PLAIN, screen))));
  });
});
