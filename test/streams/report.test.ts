import { assert, describe, it } from "@effect/vitest";
import { parseClient } from "./client.ts";
import { DEFAULTS } from "./options.ts";
import type { ProxyPod } from "./proxies.ts";
import { failedStreams, isAsPlanned, reportLines, type StreamsRun, tableRow } from "./report.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));

const proxy = (name: string, more: Partial<ProxyPod> = {}): ProxyPod => ({
  name,
  node: "real-a",
  template: name.slice(0, 1),
  address: "10.245.1.7",
  ready: true,
  isServing: true,
  endsSince: undefined,
  goneAt: undefined,
  ...more,
});

const dropped = (more: object = {}) => ({
  kind: "dropped",
  began: at(10),
  ageSeconds: 61.25,
  tokens: 612,
  status: 200,
  proxy: "10.245.1.7",
  error: "unexpected EOF",
  ...more,
});

const counts = {
  kind: "summary",
  complete: 10,
  notServed: 0,
  leftOpen: 2,
  peakOpen: 30,
  proxies: {},
};

const run = (failed: ReadonlyArray<object>, more: Partial<StreamsRun> = {}): StreamsRun => {
  const lines = [...failed, { ...counts, dropped: failed.length }].map((one) =>
    JSON.stringify(one),
  );
  const streams = parseClient(`${lines.join("\n")}\n`);
  if (streams === undefined) throw new Error("no summary");
  const act = { exitCode: 0, seconds: 108.4, said: "" };
  return { options: DEFAULTS, act, planned: 0, streams, proxies: [proxy("a")], ...more };
};

describe("the report of a run", () => {
  it("names the pod of a dropped stream, and when that was told to end", () => {
    const lines = reportLines(
      run([dropped()], {
        proxies: [
          proxy("before", { goneAt: at(5) }),
          proxy("old", { endsSince: at(11), goneAt: at(72) }),
          proxy("next"),
        ],
      }),
    );
    assert.deepStrictEqual(lines, [
      "  dropped at 61.3 s, after 612 tokens, by old, 60 s after it was told to end: unexpected EOF",
      "tare upgrade: exit code 0 after 108 s, 8 s beyond the longest stream",
      "proxies: 3 seen, of 2 new pod templates; at most 30 streams open, 2 at the end",
      "complete 10, dropped 1",
    ]);
  });

  it("tells a stream that was cut before the end of its pod had begun", () => {
    const [line] = reportLines(
      run([dropped()], { proxies: [proxy("old", { endsSince: at(80) })] }),
    );
    assert.include(line, "by old, 9 s before it was told to end");
  });

  it("says so when the pod was to stay, or is not known", () => {
    const [stays] = reportLines(run([dropped()], { proxies: [proxy("old")] }));
    assert.include(stays, "by old, which was not told to end");
    const [unknown] = reportLines(run([dropped()], { proxies: [] }));
    assert.include(unknown, "by 10.245.1.7: unexpected EOF");
  });

  it("counts streams that were not served apart, and as failures", () => {
    const refused = {
      kind: "not served",
      began: at(10),
      ageSeconds: 0,
      tokens: 0,
      error: "refused",
    };
    const { streams, ...rest } = run([refused]);
    const one = {
      ...rest,
      streams: { ...streams, counts: { ...streams.counts, dropped: 0, notServed: 1 } },
    };
    assert.strictEqual(failedStreams(one), 1);
    assert.include(reportLines(one), "complete 10, dropped 0, not served 1");
    assert.include(tableRow("defaults", one), "| 0, 1 not served |");
  });

  it("is none when the scenario did not happen", () => {
    assert.isTrue(isAsPlanned(run([])));
    assert.isFalse(isAsPlanned(run([], { planned: 20 })));
  });

  it("is a row of the table", () => {
    assert.strictEqual(
      tableRow("defaults", run([dropped()])),
      "| defaults | 30 of 100 s | 2 | 10 | 1 | 0 | 108 s | 8 s | 0 |",
    );
  });

  it("needs the client to have lived", () => {
    assert.isUndefined(parseClient(`${JSON.stringify(dropped())}\n`));
  });
});
