import { assert, describe, it } from "@effect/vitest";
import { storedChart } from "../../../src/domain/chart/stored-chart.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const METADATA = {
  ...{ name: "tars", version: "1.1.0", apiVersion: "v2" },
  dependencies: [{ name: "crds", version: "1.0.0" }],
};
const record = (chart: unknown) => ({ chart });
const paths = (chart: unknown) => storedChart(record(chart))?.files.map(({ path }) => path);
const text = (chart: unknown, wanted: string) =>
  Buffer.from(
    storedChart(record(chart))?.files.find(({ path }) => path === wanted)?.content ?? [],
  ).toString();

const CHART = {
  metadata: METADATA,
  values: { a: "0123", b: null },
  schema: base64("{}"),
  templates: [{ name: "templates/app.yaml", data: base64("kind: App") }],
  files: [{ name: "README.md", data: base64("# tars") }],
};

describe("the chart in a release's record", () => {
  it("is all there, but for the charts it depends on", () => {
    assert.deepStrictEqual(paths(CHART), [
      ...["Chart.yaml", "values.yaml", "values.schema.json"],
      ...["templates/app.yaml", "README.md"],
    ]);
    assert.strictEqual(text(CHART, "templates/app.yaml"), "kind: App");
    assert.deepStrictEqual(JSON.parse(text(CHART, "values.yaml")), { a: "0123", b: null });
    assert.deepStrictEqual(JSON.parse(text(CHART, "Chart.yaml")), {
      ...{ name: "tars", version: "1.1.0", apiVersion: "v2" },
    });
  });

  it.each([
    "../outside",
    "templates/../../outside",
    "/etc/passwd",
    "templates//x",
    "./x",
    "a\\..\\b",
    "a\0b",
    "",
    "Chart.yaml",
    "values.yaml",
  ])("puts nothing beside itself, nor in its own place: %j", (name) => {
    const chart = { metadata: METADATA, files: [{ name, data: base64("evil") }] };
    assert.deepStrictEqual(paths(chart), ["Chart.yaml", "values.yaml"]);
    assert.notInclude(text(chart, "values.yaml"), "evil");
  });

  it.each([
    undefined,
    null,
    {},
    { metadata: {} },
    { metadata: { name: "tars" } },
    { metadata: [] },
  ])("is none without a name and a version: %j", (chart) => {
    assert.isUndefined(storedChart(record(chart)));
  });
});
