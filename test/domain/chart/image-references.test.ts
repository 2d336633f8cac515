import { assert, it } from "@effect/vitest";
import {
  imageReferences,
  imagesBetween,
  mergedImages,
} from "../../../src/domain/chart/image-references.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const digest = `sha256:${"a".repeat(64)}`;

const object = (kind: string, fields: object): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "x", namespace: "n" },
  ...fields,
});

it("an image is found as a field, in an argument and in a text", () => {
  const settings = object("ConfigMap", {
    data: {
      yaml: "rateLimit:\n  backend: redis\n  url: redis://tars-redis.tars-system.svc:6379/0\n  image: docker.io/envoyproxy/ratelimit:f2fb1577\n",
    },
    args: ["--extProcImage=reg.example:5000/a/extproc:v1.1.0", "--path=/var/run/x:y", "a/b"],
    spec: { image: `envoy@${digest}`, url: "https://example.com/a/b:1", account: "system:node:x" },
  });
  assert.deepStrictEqual(Object.fromEntries(imageReferences(settings)), {
    ratelimit: "docker.io/envoyproxy/ratelimit:f2fb1577",
    extproc: "reg.example:5000/a/extproc:v1.1.0",
    envoy: `envoy@${digest}`,
  });
});

it("what changes between two manifests is told once, with all who use it", () => {
  const of = (tag: string, ...kinds: ReadonlyArray<string>) =>
    kinds.map((kind) => object(kind, { spec: { args: [`--image=a/b:${tag}`], same: "c/d:1" } }));
  const changes = imagesBetween(of("1", "A", "B"), of("2", "A", "B", "C"));
  assert.deepStrictEqual(mergedImages(changes), [
    { before: "a/b:1", after: "a/b:2", usedBy: ["A x", "B x"] },
    { before: undefined, after: "a/b:2", usedBy: ["C x"] },
    { before: undefined, after: "c/d:1", usedBy: ["C x"] },
  ]);
});
