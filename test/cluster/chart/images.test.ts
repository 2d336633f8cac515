import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  chartImages,
  imageCopies,
  imageReferences,
  imageValues,
} from "../../../src/domain/images/image.ts";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import { chart, rendered } from "./render.ts";

const IMAGES = chartImages(parse(readFileSync(join(chart, "images.yaml"), "utf8")));
const REGISTRY = "registry.example.com:5000/acme/tars";
const DIGEST = `sha256:${"ab".repeat(32)}`;

/** Everything the chart has is turned on. */
const ALL = { otelCollector: { enabled: true, exporters: { otlp: { endpoint: "otel:4317" } } } };

const VALUES: ReadonlyArray<readonly [string, JsonObject]> = [
  ["nothing", {}],
  ["one tag for all", { global: { imageTag: "9.9" } }],
  ["tags of their own", { images: { envoy: { tag: "a" }, redis: { tag: "b" } } }],
  ["both", { global: { imageTag: "9.9" }, images: { envoy: { tag: "a" } } }],
];

/** What stands in any string of any object after the beginning, up to where no reference goes on. */
const namedIn = async (values: JsonObject, beginning: string): Promise<ReadonlySet<string>> => {
  const text = JSON.stringify(await rendered(values));
  const pattern = new RegExp(`${beginning.replaceAll(".", "\\.")}/[\\w./:@-]+`, "g");
  return new Set(text.match(pattern));
};

describe("the images that tare lists", () => {
  it.each(VALUES)("are those that the chart renders: %s", async (_, values) => {
    const wanted = imageReferences(IMAGES, imageValues(values, undefined));
    const found = await namedIn({ ...ALL, ...values }, "docker.io");
    expect([...found].sort()).toEqual([...wanted].sort());
  });

  it.each(VALUES)("are where the chart looks for them in a registry: %s", async (_, values) => {
    for (const registry of [REGISTRY, `${REGISTRY}/`]) {
      const copies = imageCopies(IMAGES, imageValues(values, undefined), registry);
      const global = { ...(values.global as JsonObject), imageRegistry: registry };
      const found = await namedIn({ ...ALL, ...values, global }, REGISTRY);
      expect([...found].sort()).toEqual(copies.map(({ target }) => target).sort());
    }
  });

  it("have the digest that a value pins", async () => {
    const values = { images: { envoy: { digest: DIGEST } } };
    const wanted = imageReferences(IMAGES, imageValues(values, undefined));
    const found = await namedIn({ ...ALL, ...values }, "docker.io");
    expect([...found].sort()).toEqual([...wanted].sort());
    expect([...found].filter((reference) => reference.endsWith(`@${DIGEST}`))).toHaveLength(1);
  });
});
