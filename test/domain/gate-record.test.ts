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
} from "../../src/domain/gate-record.ts";

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
    ["without a base", '{"state":"passed","recordedAt":"t"}'],
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
  const uids = new Set(["uid-1", "uid-2"]);

  it.each<[string, GateRecord, boolean]>([
    ["failed its gate", record("failed"), true],
    ["never finished its gate", record("running"), true],
    ["is not one that passed", record("passed"), false],
    ["is not one of an installation that is gone", record("failed", "uid-of-before"), false],
    ["is not one that ran in an installation that is gone", record("running", "gone"), false],
  ])("%s", (_, one, unproven) => {
    assert.strictEqual(unprovenRevisions(new Map([[5, one]]), uids).has(5), unproven);
  });

  it("is told among others", () => {
    const records = new Map([
      [1, record("passed")],
      [2, record("failed")],
      [3, record("running", "uid-2")],
      [4, record("running", "gone")],
    ]);
    assert.deepStrictEqual(unprovenRevisions(records, uids), new Set([2, 3]));
    assert.deepStrictEqual(unprovenRevisions(records, new Set()), new Set());
    assert.deepStrictEqual(unprovenRevisions(new Map(), uids), new Set());
  });
});
