import { expect, it } from "vitest";
import { failedStreams } from "../streams/report.ts";
import { heldStreams, wholeReport } from "./held-streams.ts";
import { describeOnNodes } from "./suite.ts";

describeOnNodes("streams through real proxies that are replaced", () => {
  // Without it, the others would prove nothing.
  it("are dropped by proxies that drain for a shorter time", async () => {
    const run = await heldStreams(
      "--scenario negative-control --clients 20 --length 45s --warm-up 25s",
    );
    expect(run.streams.counts.dropped).toBeGreaterThan(0);
    const [dropped] = run.streams.failed;
    expect(run.proxies.map(({ address }) => address)).toContain(dropped?.proxy);
  });

  it("all end well when an upgrade is rolled back", async () => {
    const run = await heldStreams(
      "--scenario rollback-missing-image --clients 20 --length 25s --warm-up 15s",
    );
    expect(failedStreams(run), wholeReport(run)).toBe(0);
  });
});
