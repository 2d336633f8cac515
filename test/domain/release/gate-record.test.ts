import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import {
  decodeGateRecords,
  encodeGateRecords,
  GATE_COMPONENT_LABEL,
  GateRecord,
  type GateRecords,
  gateRecordName,
  unprovenRevisions,
} from "../../../src/domain/release/gate-record.ts";

const record = (state: GateRecord["state"], baseUid = "uid-1"): GateRecord => ({
  state,
  baseUid,
  recordedAt: "2026-01-02T03:04:05.000Z",
});

describe("the gate's records", () => {
  const Revision = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e6 }));
  it.prop(
    "are read back as they were written",
    [Schema.Array(Schema.Tuple([Revision, GateRecord]))],
    ([entries]) => {
      const records = new Map(entries);
      const sorted = (of: GateRecords) => [...of].sort(([a], [b]) => a - b);
      assert.deepStrictEqual(
        sorted(decodeGateRecords(encodeGateRecords(records))),
        sorted(records),
      );
    },
  );

  it("are text under the number of the revision, as a ConfigMap wants it", () => {
    const data = encodeGateRecords(new Map([[12, record("running")]]));
    assert.deepStrictEqual(Object.keys(data), ["12"]);
    assert.isString(data["12"]);
  });

  it.each([
    ["not JSON", "{"],
    ["empty", ""],
    ["of an unknown state", '{"state":"maybe","baseUid":"u","recordedAt":"t"}'],
    ["without a time", '{"state":"passed","baseUid":"u"}'],
    ["of a base that is none", '{"state":"passed","base":4,"recordedAt":"t"}'],
    ["a list", "[]"],
    ["null", "null"],
  ])("leave out an entry that is %s, and keep the others", (_, text) => {
    const good = encodeGateRecords(new Map([[3, record("failed")]]));
    assert.deepStrictEqual(
      decodeGateRecords({ ...good, "4": text }),
      new Map([[3, record("failed")]]),
    );
  });

  it.each(["x", "1.5", "NaN", "Infinity", "v3"])("leave out an entry called %s", (key) => {
    const { "3": text } = encodeGateRecords(new Map([[3, record("failed")]]));
    assert.deepStrictEqual(decodeGateRecords({ [key]: text as string }), new Map());
  });

  it("may have fields of a newer version", () => {
    const text = JSON.stringify({ ...record("passed"), extra: 1 });
    assert.deepStrictEqual(decodeGateRecords({ "3": text }).get(3), record("passed"));
  });

  it.each(["running", "passed", "failed"])("may say %s", (state) => {
    const text = JSON.stringify({ state, baseUid: "u", recordedAt: "t" });
    assert.strictEqual(decodeGateRecords({ "3": text }).get(3)?.state as string, state);
  });

  it("are found by a label of their own", () => {
    assert.deepStrictEqual(GATE_COMPONENT_LABEL, { "tars.io/component": "upgrade-gate" });
  });

  it("of two releases do not share a name", () => {
    assert.strictEqual(gateRecordName({ name: "tars", namespace: "n" }), "tare-gate-tars");
    assert.notStrictEqual(
      gateRecordName({ name: "a", namespace: "n" }),
      gateRecordName({ name: "b", namespace: "n" }),
    );
  });
});

describe("an unproven revision", () => {
  const uids = ["uid-1", "uid-2"];
  const BEGUN = "2026-01-02T04:04:05.123456789+01:00";
  const history = [
    { revision: 4, updated: BEGUN },
    { revision: 5, updated: "2026-01-02T03:10:00Z" },
  ];
  const base = { revision: 4, updated: "2026-01-02T03:04:05.123Z" };
  const at = (state: GateRecord["state"], recordedAt: string): GateRecord => ({
    state,
    baseUid: "of-before-the-restore",
    recordedAt,
  });

  it.each<[string, GateRecord, boolean]>([
    ["failed its gate", record("failed"), true],
    ["never finished its gate", record("running"), true],
    ["is not one that passed", record("passed"), false],
    ["is not one of an installation that is gone", record("failed", "uid-of-before"), false],
    ["is not one that ran in an installation that is gone", record("running", "gone"), false],
    ["is the same after a restore", { ...record("failed", "gone"), base }, true],
    ["is the same where records have no UID that is known", { ...at("running", ""), base }, true],
    [
      "is not one on another base",
      { ...record("failed", "gone"), base: { ...base, updated: "2026-01-02T03:04:05.124Z" } },
      false,
    ],
    [
      "is not one on a base that was pruned",
      { ...record("failed", "gone"), base: { ...base, revision: 3 } },
      false,
    ],
    ["of an older record was begun before that", at("failed", "2026-01-02T03:10:05Z"), true],
    ["of an older record was about to begin", at("running", "2026-01-02T03:09:59Z"), true],
    ["of an older record came after a reinstall", at("failed", "2026-01-02T03:04:00Z"), false],
    ["of an older record ran before a reinstall", at("running", "2026-01-02T03:04:00Z"), false],
    ["of an older record without a time", at("failed", "t"), false],
  ])("%s", (_, one, unproven) => {
    assert.strictEqual(unprovenRevisions(new Map([[5, one]]), history, uids).has(5), unproven);
  });

  it("is told among others", () => {
    const records = new Map([
      [1, record("passed")],
      [2, record("failed")],
      [3, record("running", "uid-2")],
      [4, record("running", "gone")],
    ]);
    assert.deepStrictEqual(unprovenRevisions(records, [], uids), new Set([2, 3]));
    assert.deepStrictEqual(unprovenRevisions(records, [], []), new Set());
    assert.deepStrictEqual(unprovenRevisions(new Map(), history, uids), new Set());
  });
});
