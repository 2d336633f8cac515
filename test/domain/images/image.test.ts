import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { parse } from "yaml";
import {
  byDigest,
  chartImages,
  imageCopies,
  imageReferences,
  imageValues,
  partsOf,
} from "../../../src/domain/images/image.ts";
import type { JsonObject } from "../../../src/domain/kube/json.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const MANIFEST = {
  images: {
    envoy: { repository: "docker.io/envoyproxy/envoy", name: "envoy", tag: "v1" },
    redis: { repository: "docker.io/library/redis", name: "redis", tag: "8" },
  },
};
const IMAGES = chartImages(MANIFEST);
const referencesWith = (values: JsonObject, imageTag?: string) =>
  imageReferences(IMAGES, imageValues(values, imageTag));
const targetsWith = (values: JsonObject, registry: string, imageTag?: string) =>
  imageCopies(IMAGES, imageValues(values, imageTag), registry).map(({ target }) => target);

describe("the images of a chart", () => {
  it("are those of the embedded chart's images.yaml, all of them", () => {
    const file = join(import.meta.dirname, "../../../chart/images.yaml");
    const content = parse(readFileSync(file, "utf8"));
    const names = chartImages(content).map(({ key }) => key);
    assert.deepStrictEqual(names, Object.keys(content.images));
    assert.isAbove(names.length, 5);
  });

  it("are none where the manifest is not one", () => {
    for (const nothing of [undefined, null, "text", [], {}, { images: [] }, { images: { a: 1 } }]) {
      assert.deepStrictEqual(chartImages(nothing), []);
    }
    const half = { images: { a: { repository: "r", name: "n" }, ...MANIFEST.images } };
    assert.lengthOf(chartImages(half), 2);
    const numbered = { images: { a: { repository: "r", name: "n", tag: 8 } } };
    assert.strictEqual(chartImages(numbered)[0]?.tag, "8");
  });

  it("have the tag of their own value, else that of all, else the manifest's", () => {
    assert.deepStrictEqual(referencesWith({}), [
      "docker.io/envoyproxy/envoy:v1",
      "docker.io/library/redis:8",
    ]);
    const values = { global: { imageTag: "2" }, images: { redis: { tag: "9" } } };
    assert.deepStrictEqual(referencesWith(values), [
      "docker.io/envoyproxy/envoy:2",
      "docker.io/library/redis:9",
    ]);
    assert.deepStrictEqual(referencesWith(values, "3"), [
      "docker.io/envoyproxy/envoy:3",
      "docker.io/library/redis:9",
    ]);
    const empty = { global: { imageTag: "" }, images: { redis: { tag: "", digest: "" } } };
    assert.deepStrictEqual(referencesWith(empty), referencesWith({}));
  });

  it("keep a digest that a value pins, and only their name and tag in a registry", () => {
    const values = { images: { envoy: { digest: DIGEST } } };
    assert.strictEqual(referencesWith(values)[0], `docker.io/envoyproxy/envoy:v1@${DIGEST}`);
    for (const registry of ["r.example.com/tars", "r.example.com/tars/"]) {
      assert.deepStrictEqual(targetsWith(values, registry), [
        "r.example.com/tars/envoy:v1",
        "r.example.com/tars/redis:8",
      ]);
    }
  });
});

describe("a reference", () => {
  it("is taken apart as container runtimes do it", () => {
    const parts = (text: string) => Object.values(partsOf(text));
    assert.deepStrictEqual(parts("redis:8"), ["docker.io", "redis", "8"]);
    assert.deepStrictEqual(parts("acme/redis"), ["docker.io", "acme/redis", undefined]);
    assert.deepStrictEqual(parts("localhost/redis:8"), ["localhost", "redis", "8"]);
    assert.deepStrictEqual(parts("r:5000/a/b:1"), ["r:5000", "a/b", "1"]);
    assert.deepStrictEqual(parts(`r.io/a:1@${DIGEST}`), ["r.io", "a", "1"]);
  });

  it("by digest leaves the tag out", () => {
    assert.strictEqual(byDigest("r:5000/a/b:1", DIGEST), `r:5000/a/b@${DIGEST}`);
    assert.strictEqual(byDigest(`docker.io/a/b:1@${DIGEST}`, DIGEST), `docker.io/a/b@${DIGEST}`);
  });
});
