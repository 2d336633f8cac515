import { assert, describe, it } from "@effect/vitest";
import { Result, Schema } from "effect";
import { said } from "../../../src/domain/events/failure-cause.ts";
import {
  ERROR_SUMMARY_MAX_BYTES,
  type EventFacts,
  type EventSubject,
  eventId,
  eventObjectName,
  INSTALL_EVENT_LABELS,
  InstallEvent,
} from "../../../src/domain/events/install-event.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const REVISION: EventSubject = { _tag: "Revision", revision: 7, identity: "uid-7" };
const FACTS: EventFacts = {
  release: RELEASE,
  subject: REVISION,
  operation: "upgrade",
  outcome: { status: "success" },
  fromVersion: "1.1.0",
  toVersion: "1.2.0",
  startedAt: new Date("2026-01-02T03:04:05Z"),
  finishedAt: new Date("2026-01-02T03:09:05.250Z"),
  cliVersion: "1.2.0",
  workspaceId: "ws-1",
  source: "cli",
};
const failing = (summary: string, extra: Partial<EventFacts> = {}): InstallEvent =>
  installEvent({
    ...FACTS,
    outcome: { status: "failed", cause: said(summary), code: "UpgradeRolledBack" },
    ...extra,
  });

const bytes = (text: string) => new TextEncoder().encode(text).length;

const GOLDEN_ID = "4c5097c1-3794-8e0c-87e9-bbcd83cc371b";

describe("an event's id", () => {
  const id = eventId(RELEASE, REVISION, "upgrade");

  it("is a UUID of version 8", () => {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("is the same for the same fact, for ever", () => {
    assert.strictEqual(eventId({ ...RELEASE }, { ...REVISION }, "upgrade"), id);
    // Stored by the management plane: a change here makes every event a second row.
    assert.strictEqual(id, GOLDEN_ID);
  });

  it.each<[string, string]>([
    ["operation", eventId(RELEASE, REVISION, "rollback")],
    ["revision", eventId(RELEASE, { ...REVISION, revision: 8 }, "upgrade")],
    ["Secret", eventId(RELEASE, { ...REVISION, identity: "uid-8" }, "upgrade")],
    ["namespace", eventId({ ...RELEASE, namespace: "other" }, REVISION, "upgrade")],
    ["release name", eventId({ ...RELEASE, name: "other" }, REVISION, "upgrade")],
    ["kind of subject", eventId(RELEASE, { _tag: "Run", runId: "uid-7" }, "upgrade")],
  ])("differs by %s", (_, other) => {
    assert.notStrictEqual(other, id);
  });

  it("does not mix up neighbouring parts", () => {
    assert.notStrictEqual(
      eventId({ name: "b", namespace: "a" }, REVISION, "upgrade"),
      eventId({ name: "a", namespace: "b" }, REVISION, "upgrade"),
    );
    assert.notStrictEqual(
      eventId(RELEASE, { _tag: "Revision", revision: 1, identity: "1x" }, "upgrade"),
      eventId(RELEASE, { _tag: "Revision", revision: 11, identity: "x" }, "upgrade"),
    );
  });

  it("does not depend on how the attempt ended, or who reports it", () => {
    assert.strictEqual(failing("x").event_id, id);
    assert.strictEqual(installEvent({ ...FACTS, source: "doctor" }).event_id, id);
    assert.strictEqual(installEvent({ ...FACTS, finishedAt: new Date(0) }).event_id, id);
  });

  const Operation = Schema.Literals(["install", "upgrade", "rollback", "uninstall"]);
  const Fact = Schema.Tuple([Schema.String, Schema.String, Schema.Int, Schema.String, Operation]);
  it.prop("is the same exactly for the same facts", [Fact, Fact], ([left, right]) => {
    const idOf = ([name, namespace, revision, identity, operation]: typeof left) =>
      eventId({ name, namespace }, { _tag: "Revision", revision, identity }, operation);
    // JSON escapes lone surrogates, so that texts that differ only in those stay apart.
    assert.strictEqual(idOf(left) === idOf(right), JSON.stringify(left) === JSON.stringify(right));
  });
});

describe("the outbox entry", () => {
  it("is named after the id, so that writing it twice is writing it once", () => {
    const event = installEvent(FACTS);
    assert.strictEqual(eventObjectName(event), `tare-event-upgrade-${event.event_id}`);
  });

  it.each(["install", "upgrade", "rollback", "uninstall"] as const)(
    "of an %s has a name that Kubernetes accepts",
    (operation) => {
      const name = eventObjectName(installEvent({ ...FACTS, operation }));
      assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      assert.isAtMost(name.length, 253);
    },
  );

  it("carries the label that the doctor looks for", () => {
    assert.deepStrictEqual(INSTALL_EVENT_LABELS, { "tars.io/component": "install-event" });
  });
});

describe("an event", () => {
  it("names its version also where that did not change, and its end only where that is known", () => {
    const same = installEvent({ ...FACTS, fromVersion: "1.2.0", finishedAt: undefined });
    assert.strictEqual(same.chart_version, "1.2.0");
    assert.notProperty(same, "to_version");
    assert.notProperty(same, "finished_at");
    assert.notProperty(installEvent({ ...FACTS, toVersion: undefined }), "chart_version");
  });

  it("names who started it, where that is known", () => {
    const actor = { user: "alice", host: "build-1", job_url: "https://ci.example/1" };
    assert.deepStrictEqual(installEvent({ ...FACTS, actor }).actor, actor);
    assert.notProperty(installEvent(FACTS), "actor");
  });

  it("of a success has everything but an error", () => {
    assert.deepStrictEqual(installEvent(FACTS), {
      schema_version: 1,
      event_id: eventId(RELEASE, REVISION, "upgrade"),
      operation: "upgrade",
      status: "success",
      release: "tars",
      namespace: "tars-system",
      helm_revision: 7,
      from_version: "1.1.0",
      to_version: "1.2.0",
      chart_version: "1.2.0",
      started_at: "2026-01-02T03:04:05.000Z",
      finished_at: "2026-01-02T03:09:05.250Z",
      cli_version: "1.2.0",
      workspace_id: "ws-1",
      source: "cli",
    });
  });

  it("of a failure has its summary and its code", () => {
    const event = failing("image not found");
    assert.strictEqual(event.status, "failed");
    assert.strictEqual(event.error_summary, "image not found");
    assert.strictEqual(event.error_code, "UpgradeRolledBack");
  });

  it.each([
    ["differ", "1.1.0", "1.2.0", true],
    ["are the same", "1.2.0", "1.2.0", false],
    ["are not both known", "1.1.0", undefined, false],
  ])("has from and to when they %s: %s → %s", (_, fromVersion, toVersion, present) => {
    const event = installEvent({ ...FACTS, fromVersion, toVersion });
    assert.strictEqual("from_version" in event, present);
    assert.strictEqual("to_version" in event, present);
  });

  it("of a run that wrote no revision has none", () => {
    const event = failing("x", { subject: { _tag: "Run", runId: "run-1" } });
    assert.notProperty(event, "helm_revision");
    assert.match(event.event_id, /^[0-9a-f-]{36}$/);
  });

  it("has no undefined members, so that what is sent is what was made", () => {
    for (const event of [
      installEvent(FACTS),
      failing("x"),
      installEvent({ ...FACTS, toVersion: undefined }),
    ]) {
      assert.deepStrictEqual(JSON.parse(JSON.stringify(event)), event as unknown);
    }
  });
});

describe("an error summary", () => {
  const summaryOf = (summary: string): string =>
    failing(summary).error_summary ?? assert.fail("no summary");

  it.each([
    ["a\nb", "a b"],
    ["  a \r\n\t b  ", "a b"],
    ["a\u2028b\u2029c\vd", "a b c d"],
    ["a\u00a0b", "a b"],
    ["", ""],
  ])("%j is one line", (text, line) => {
    assert.strictEqual(summaryOf(text), line);
  });

  it.each(["x", "é", "€", "😀"])("is cut at 1 KiB of UTF-8: %s", (character) => {
    const limit = Math.floor(ERROR_SUMMARY_MAX_BYTES / bytes(character));
    const fits = character.repeat(limit);
    assert.strictEqual(summaryOf(fits), fits);
    const cut = summaryOf(character.repeat(limit + 1));
    assert.isAtMost(bytes(cut), 1_024);
    assert.isAbove(bytes(cut), 1_024 - 4);
    assert.isTrue(cut.endsWith("…"));
    assert.isTrue(cut.isWellFormed());
    assert.notInclude(cut, "\uFFFD");
  });

  it("with a multi-byte character across the limit stays whole", () => {
    for (let offset = 1_015; offset < 1_030; offset++) {
      const cut = summaryOf(`${"x".repeat(offset)}😀😀😀😀`);
      assert.isAtMost(bytes(cut), 1_024);
      assert.notInclude(cut, "\uFFFD");
    }
  });

  it.prop(
    "of any text is one line of at most 1 KiB",
    [Schema.String, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 }))],
    ([text, times]) => {
      const summary = summaryOf(text.repeat(times));
      assert.isAtMost(bytes(summary), 1_024);
      assert.notMatch(summary, /[\r\n\u2028\u2029]/);
    },
  );

  it("is redacted before it is cut or folded", () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIE".repeat(20)}\n-----END RSA PRIVATE KEY-----`;
    const summary = summaryOf(`bad key ${key} and Bearer abcdef0123456789 at https://u:pw123@h/`);
    assert.strictEqual(
      summary,
      "bad key [redacted key] and Bearer [redacted] at https://u:[redacted]@h/",
    );
    assert.notInclude(summaryOf(`${"x".repeat(900)} ${key}`), "MIIE");
  });
});

describe("the schema", () => {
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));

  it.each([
    ["a success", installEvent(FACTS)],
    ["a failure", failing("boom")],
    [
      "a failed run",
      failing("boom", { subject: { _tag: "Run", runId: "r" }, toVersion: undefined }),
    ],
    [
      "a rollback told by the doctor",
      installEvent({ ...FACTS, operation: "rollback", source: "doctor" }),
    ],
  ])("decodes %s as it was made", (_, event) => {
    assert.deepStrictEqual(Result.getOrThrow(decode(JSON.stringify(event))), event);
  });

  it.each(["install", "upgrade", "rollback", "uninstall"])(
    "knows the operation %s",
    (operation) => {
      const text = JSON.stringify({ ...installEvent(FACTS), operation });
      assert.strictEqual(Result.getOrThrow(decode(text)).operation as string, operation);
    },
  );

  it.each([
    ["another schema version", { schema_version: 2 }],
    ["an unknown operation", { operation: "downgrade" }],
    ["an unknown status", { status: "maybe" }],
    ["half a revision", { helm_revision: 1.5 }],
    ["an unknown source", { source: "me" }],
    ["no id", { event_id: undefined }],
  ])("refuses %s", (_, change) => {
    const text = JSON.stringify({ ...installEvent(FACTS), ...change });
    assert.isTrue(Result.isFailure(decode(text)));
  });
});
