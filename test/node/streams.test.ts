import { expect, it } from "vitest";
import { parseOptions } from "../streams/options.ts";
import { failedStreams, reportLines, type StreamsRun } from "../streams/report.ts";
import { runStreams } from "../streams/run.ts";
import { describeOnNodes } from "./suite.ts";

describeOnNodes("streams through real proxies", () => {
  const held = async (flags: string): Promise<StreamsRun> => {
    const options = parseOptions(flags.split(" "));
    if (options === undefined) throw new Error("no options");
    const run = await runStreams(options, () => {});
    expect(run.act.exitCode, run.act.said).toBe(run.planned);
    expect(run.streams.counts.peakOpen).toBeGreaterThanOrEqual(options.clients / 2);
    return run;
  };

  const report = (run: StreamsRun) => [...reportLines(run), run.act.said].join("\n");

  // Without it, the others would prove nothing.
  it("are dropped by proxies that drain for a shorter time", async () => {
    const run = await held("--scenario negative-control --clients 20 --length 45s --warm-up 25s");
    expect(run.streams.counts.dropped).toBeGreaterThan(0);
    const [dropped] = run.streams.failed;
    expect(run.proxies.map(({ address }) => address)).toContain(dropped?.proxy);
  });

  it("all end well in the upgrade of 1.1.0, whose proxies drain for 60 s, though they last 100 s", async () => {
    const run = await held("--clients 30 --length 100s --warm-up 10s --helm 4");
    expect(failedStreams(run), report(run)).toBe(0);
  });

  it("all end well when an upgrade is rolled back", async () => {
    const run = await held(
      "--scenario rollback-missing-image --clients 20 --length 25s --warm-up 15s",
    );
    expect(failedStreams(run), report(run)).toBe(0);
  });
});
