import { gzipSync } from "node:zlib";
import { assert, describe, it } from "@effect/vitest";
import type { JsonObject } from "../../../src/domain/kube/json.ts";
import { fieldAt, type KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  decodeReleaseSecret,
  historyLine,
  readReleaseRecord,
  recordedRevision,
  withRecordedStatus,
} from "../../../src/services/release/release-secret.ts";
import { deepJson } from "../../hostile/values.ts";

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

describe("a record that is a bomb", () => {
  const bomb = (json: string): KubeObject => ({
    ...releaseSecret({}, {}),
    data: {
      release: Buffer.from(gzipSync(json).toString("base64")).toString("base64"),
    },
  });

  it.each([
    [
      "of empty objects",
      `{"version":99,"config":{"a":[${"{},".repeat(3_000_000)}{}]}}`,
      "TooManyValues",
    ],
    ["of numbers", `{"version":99,"a":[${"1,".repeat(4_000_000)}1]}`, "TooManyValues"],
    ["of lists in lists", `{"version":99,"a":${"[".repeat(2_500_000)}`, "TooManyValues"],
    ["of one long text", `{"version":99,"a":"${"x".repeat(33 * 1024 * 1024)}"}`, "TooLarge"],
  ] as const)("%s is refused without making objects of it", (_, json, damage) => {
    const secret = bomb(json);
    const before = process.memoryUsage().heapUsed;
    const read = readReleaseRecord(secret);
    assert.deepStrictEqual(read, { _tag: "Unreadable", damage: { _tag: damage } });
    assert.isBelow(process.memoryUsage().heapUsed - before, 64 * 1024 * 1024);
    assert.isUndefined(recordedRevision(secret, []));
  });

  it.each([201, 5_000, 80_000])("of %d levels is refused, and nothing walks down it", (levels) => {
    const config = deepJson(levels, '{"a":');
    const secret = bomb(`{"version":2,"info":{"status":"deployed"},"config":${config}}`);
    const read = readReleaseRecord(secret);
    assert.deepStrictEqual(read, { _tag: "Unreadable", damage: { _tag: "TooDeep" } });
    assert.isUndefined(recordedRevision(secret, []));
    assert.isUndefined(historyLine(secret));
  });

  it("of words to look for in words takes no longer than others", () => {
    const config = Object.fromEntries(
      Array.from({ length: 100_000 }, (_, at) => [`password${at}`, `secret-${at}`]),
    );
    const info = { status: "failed", description: "eyJ-".repeat(1_000_000) };
    const startedAt = performance.now();
    const revision = recordedRevision(
      bomb(JSON.stringify({ version: 2, info, config })),
      [],
    )?.revision;
    assert.isBelow(performance.now() - startedAt, 20_000);
    assert.strictEqual(revision?.description, "");
    const fewer = { version: 2, info, config: { password: "hunter2-hunter2" } };
    const told = recordedRevision(bomb(JSON.stringify(fewer)), [])?.revision;
    assert.isBelow(told?.description?.length ?? 0, 16 * 1024 + 1);
    assert.isAbove(told?.description?.length ?? 0, 16 * 1024 - 10);
  });

  it("is no release of 20 MiB, whose text may hold any characters", () => {
    const template = `{{- if .Values.a }}, "quoted", [${"{}, ".repeat(100)}] \\ `;
    const manifest = template.repeat(Math.ceil((20 * 1024 * 1024) / template.length));
    const record = { version: 3, info: { status: "deployed" }, config: {}, manifest };
    const read = readReleaseRecord(bomb(JSON.stringify(record)));
    assert.deepStrictEqual(read, { _tag: "Record", record });
  });
});

describe("a rollback that Helm notes", () => {
  it.each([
    [1, 1],
    [0, undefined],
    [-1, undefined],
    [1.5, undefined],
    ["1", undefined],
    [1e308, undefined],
  ])("as %s is one to %s", (noted, target) => {
    const info = { status: "deployed", description: "mine", rollback_revision: noted };
    const secret = releaseSecret(info, {});
    assert.strictEqual(historyLine(secret)?.rollback_revision, target);
    assert.strictEqual(recordedRevision(secret, [])?.revision.rollback_revision, target);
  });
});

describe("a recorded revision", () => {
  it("does not tell the values that Helm quotes in its description", () => {
    const config = {
      otelCollector: {
        exporters: { otlp: { headers: { Authorization: "x-api-key=0123456789" } } },
      },
    };
    const description = 'Upgrade "tars" failed: hook: denied for x-api-key=0123456789';
    const told = recordedRevision(releaseSecret({ status: "failed", description }, config), []);
    assert.strictEqual(
      told?.revision.description,
      'Upgrade "tars" failed: hook: denied for [redacted]',
    );
    assert.strictEqual(told?.revision.status, "failed");
  });

  const description = 'Upgrade "tars" failed: cannot replace hunter2-hunter2';

  it("does not tell those of what ran before it either", () => {
    const before = recordedRevision(
      releaseSecret({ status: "superseded" }, { redis: { password: "hunter2-hunter2" } }),
      [],
    );
    const secret = releaseSecret({ status: "failed", description }, {});
    assert.strictEqual(
      recordedRevision(secret, before?.secrets)?.revision.description,
      'Upgrade "tars" failed: cannot replace [redacted]',
    );
  });

  it("tells nothing in Helm's words where what ran before has values too large to be read", () => {
    const config = { redis: { password: "hunter2-hunter2" }, note: "x".repeat(600 * 1024) };
    const before = recordedRevision(releaseSecret({ status: "superseded" }, config), []);
    assert.isDefined(before);
    const secret = releaseSecret({ status: "failed", description }, {});
    assert.strictEqual(recordedRevision(secret, before?.secrets)?.revision.description, "");
  });

  it("of a release without values is told as it is", () => {
    const told = recordedRevision(releaseSecret({ status: "failed", description: "no" }, {}), []);
    assert.strictEqual(told?.revision.description, "no");
  });
});
