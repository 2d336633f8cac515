import { expect, it } from "vitest";
import { failedStreams } from "../streams/report.ts";
import { heldStreams, wholeReport } from "./held-streams.ts";
import { describeOnNodes } from "./suite.ts";

describeOnNodes("streams through real proxies that are upgraded", () => {
  it("all end well though they last 100 s and the proxies of 1.1.0 drain for 60 s", async () => {
    const run = await heldStreams("--clients 30 --length 100s --warm-up 10s --helm 4");
    expect(failedStreams(run), wholeReport(run)).toBe(0);
  });
});
