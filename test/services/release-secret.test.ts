import { gzipSync } from "node:zlib";
import { assert, describe, it } from "@effect/vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { KubeObject } from "../../src/domain/kube.ts";
import { recordedRevision } from "../../src/services/release-secret.ts";

const releaseSecret = (info: JsonObject, config: JsonObject): KubeObject => {
  const record = { name: "tars", namespace: "tars-system", version: 2, info, config };
  const stored = gzipSync(JSON.stringify(record)).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "sh.helm.release.v1.tars.v2", namespace: "tars-system", uid: "uid-2" },
    data: { release: Buffer.from(stored).toString("base64") },
  };
};

describe("a recorded revision", () => {
  it("does not tell the values that Helm quotes in its description", () => {
    const config = {
      otelCollector: {
        exporters: { otlp: { headers: { Authorization: "x-api-key=0123456789" } } },
      },
    };
    const description = 'Upgrade "tars" failed: hook: denied for x-api-key=0123456789';
    const revision = recordedRevision(releaseSecret({ status: "failed", description }, config));
    assert.strictEqual(revision?.description, 'Upgrade "tars" failed: hook: denied for [redacted]');
    assert.strictEqual(revision?.status, "failed");
  });
});
