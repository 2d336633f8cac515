import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { pastEndOfLife, SUPPORTED } from "../../scripts/build/end-of-life.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

describe("the end of life", () => {
  const one = [{ what: "a", until: "2026-11-08", source: "b" }];

  it.each([
    ["2026-11-07T23:59:59Z", 0],
    ["2026-11-08T00:00:00Z", 0],
    ["2026-11-08T23:59:59.999Z", 0],
    ["2026-11-09T00:00:00Z", 1],
    ["2030-01-01T00:00:00Z", 1],
  ])("has passed on %s: %d", (now, count) => {
    assert.strictEqual(pastEndOfLife(one, new Date(now)).length, count);
  });

  it("is known of what is used", () => {
    const gateway = /envoyproxy\/gateway\n[^-]*?tag: "?v?(\d+\.\d+)/.exec(
      read("chart/images.yaml"),
    )?.[1];
    const node = /node:(\d+)\./.exec(read("Dockerfile"))?.[1];
    const names = SUPPORTED.map(({ what }) => what);
    assert.includeMembers(names, [`Envoy Gateway ${gateway}`, `Node.js ${node}`]);
    for (const { until } of SUPPORTED) assert.match(until, /^\d{4}-\d\d-\d\d$/);
  });
});
