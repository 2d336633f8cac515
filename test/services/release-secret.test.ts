import { gzipSync } from "node:zlib";
import { assert, describe, it } from "@effect/vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { fieldAt, type KubeObject } from "../../src/domain/kube.ts";
import {
  decodeReleaseSecret,
  recordedRevision,
  withRecordedStatus,
} from "../../src/services/release-secret.ts";

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

it("a record whose status is written again is the same otherwise, and zipped as before", () => {
  const secret = releaseSecret({ status: "deployed", description: "Upgrade complete" }, { a: 1 });
  const next = withRecordedStatus(secret, "superseded") ?? assert.fail("unreadable");
  assert.deepStrictEqual(next.metadata.labels, { status: "superseded" });
  assert.deepStrictEqual(decodeReleaseSecret(next), {
    ...(decodeReleaseSecret(secret) as object),
    info: { status: "superseded", description: "Upgrade complete" },
  });
  const zipped = Buffer.from(
    Buffer.from(String(fieldAt(next, "data", "release")), "base64").toString(),
    "base64",
  );
  assert.deepStrictEqual([...zipped.subarray(0, 2)], [0x1f, 0x8b]);
  assert.isUndefined(withRecordedStatus({ ...secret, data: { release: "x" } }, "superseded"));
});

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
