import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..", "..");
const chart = join(root, "chart");
const older = join(root, "test", "charts", "older");
const read = (...path: string[]) => readFileSync(join(...path), "utf8");
const yaml = (...path: string[]) => parse(read(...path));

const templates = (folder: string) =>
  readdirSync(join(folder, "templates"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(yaml|tpl|txt)$/i.test(name))
    .map((name) => ({ name, text: read(folder, "templates", name) }));

/** What the command line sets and carries over. */
const contract = {
  "global.imageRegistry": "",
  "global.imageTag": "",
  "global.imagePullSecretName": "",
  "global.customer": "",
  "global.environment": "",
  "global.deploymentMode": "enterprise",
  "global.serveUrl": "",
  "global.dataplaneNamespace": "tars-dataplane",
  "ha.enabled": true,
  "shutdown.drainTimeout": "300s",
  "redis.type": "cluster",
  "rateLimiting.enabled": true,
  "otelCollector.enabled": false,
  "otelCollector.exporters.otlp.endpoint": "",
  "otelCollector.exporters.otlp.headers.Authorization": "",
};

const at = (values: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], values);

describe("the chart", () => {
  it("has the values that the command line relies on", () => {
    const values = yaml(chart, "values.yaml");
    const found = Object.keys(contract).map((path) => [path, at(values, path)]);
    expect(Object.fromEntries(found)).toEqual(contract);
  });

  it("refuses unknown top-level values and knows all of its own", () => {
    const schema = JSON.parse(read(chart, "values.schema.json"));
    expect(schema.additionalProperties).toBe(false);
    const known = Object.keys(schema.properties).filter((key) => key !== "crds");
    expect(known.sort()).toEqual(Object.keys(yaml(chart, "values.yaml")).sort());
  });

  it("pins every image it uses, and uses every image it pins", () => {
    const { images } = yaml(chart, "images.yaml");
    const used = templates(chart).flatMap(({ text }) =>
      [...text.matchAll(/"tars\.image" \(dict "root" \. "name" "(\w+)"\)/g)].map(
        ([, name]) => name,
      ),
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(images).sort());
    for (const image of Object.values(images)) {
      expect(image).toEqual({
        repository: expect.stringMatching(/^docker\.io\/[a-z0-9/-]+$/),
        name: expect.stringMatching(/^[a-z0-9-]+$/),
        tag: expect.stringMatching(/^[\w][\w.-]+$/),
      });
    }
  });

  it("reads values that may be carried over through the safe helpers only", () => {
    const unsafe = /\.Values\.(global|redis\.type|ha\.enabled|otelCollector\.(enabled|exporters))/;
    const offenders = templates(chart).filter(({ text }) => unsafe.test(text));
    expect(offenders.map(({ name }) => name)).toEqual([]);
  });

  it("never fixes the number of Envoy pods, which is the HPA's to decide", () => {
    const text = read(chart, "templates", "data-plane", "envoyproxy.yaml");
    expect(text.match(/^\s*replicas:/m)).toBeNull();
    expect(text).toContain("envoyHpa:");
  });

  it("says which Envoy Gateway it runs, after whose minor version its account is called", () => {
    const { images } = yaml(chart, "images.yaml");
    expect(yaml(chart, "Chart.yaml").annotations["tars.io/envoy-gateway"]).toBe(
      images.envoyGateway.tag,
    );
  });

  it("is followed by its subchart's version", () => {
    const { version, dependencies } = yaml(chart, "Chart.yaml");
    expect(dependencies).toEqual([expect.objectContaining({ name: "crds", version })]);
    expect(yaml(chart, "charts", "crds", "Chart.yaml").version).toBe(version);
  });
});

describe("the older chart", () => {
  it("is the release before the HA default, with compatible values", () => {
    const values = yaml(older, "values.yaml");
    const found = Object.keys(contract).map((path) => [path, at(values, path)]);
    expect(Object.fromEntries(found)).toEqual({
      ...contract,
      "ha.enabled": false,
      "shutdown.drainTimeout": undefined,
    });
    expect(yaml(older, "Chart.yaml")).toMatchObject({ name: "tars", version: "1.1.0" });
  });

  it("names the same workloads, so that an upgrade changes them in place", () => {
    const components = (folder: string) => {
      const text = templates(folder)
        .map((template) => template.text)
        .join("\n");
      return [...new Set([...text.matchAll(/"component" "([\w-]+)"/g)].map(([, name]) => name))];
    };
    expect(components(chart)).toEqual(expect.arrayContaining(components(older)));
  });
});
