import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Ajv2020 } from "ajv/dist/2020.js";
import { said } from "../../../src/domain/events/failure-cause.ts";
import { installEventJsonSchema } from "../../../src/words/events/event-schema.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";

const file = join(import.meta.dirname, "../../../docs/install-event.schema.json");
const published = JSON.parse(readFileSync(file, "utf8"));

const EVENT = installEvent({
  release: { name: "tars", namespace: "tars-system" },
  subject: { _tag: "Revision", revision: 7, identity: "uid-7" },
  operation: "upgrade",
  outcome: { status: "failed", cause: said("é".repeat(2_000)), code: "UpgradeRolledBack" },
  fromVersion: "1.1.0",
  toVersion: "1.2.0",
  startedAt: new Date("2026-01-02T03:04:05Z"),
  finishedAt: new Date("2026-01-02T03:09:05.250Z"),
  cliVersion: "1.2.0",
  workspaceId: "ws-1",
  source: "cli",
});

describe("the published JSON Schema of an event", () => {
  const validate = new Ajv2020({ strict: false }).compile(published);

  it("is the one that events are made with (npm run docs:event-schema)", () => {
    assert.deepStrictEqual(published, JSON.parse(JSON.stringify(installEventJsonSchema())));
  });

  it("accepts what tare writes, and what a later one may add", () => {
    assert.isTrue(validate(EVENT));
    assert.isTrue(validate({ ...EVENT, something_new: 1 }));
  });

  it.each([
    ["a foreign id", { event_id: "7" }],
    ["another schema version", { schema_version: 2 }],
    ["an unknown operation", { operation: "downgrade" }],
    ["revision 0", { helm_revision: 0 }],
    ["a time that is none", { started_at: "yesterday" }],
    ["a summary that is too long", { error_summary: "x".repeat(1_025) }],
    ["no workspace", { workspace_id: undefined }],
  ])("refuses %s", (_, change) => {
    assert.isFalse(validate(JSON.parse(JSON.stringify({ ...EVENT, ...change }))));
  });
});
