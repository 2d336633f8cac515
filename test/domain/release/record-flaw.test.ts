import { assert, describe, it } from "@effect/vitest";
import {
  type FlawedRecord,
  isInTheWay,
  malformation,
  type RecordFlaw,
  recordFlaw,
  revisionNamed,
} from "../../../src/domain/release/record-flaw.ts";
import type { History } from "../../../src/domain/release/release.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const record = (change: object = {}) => ({
  name: "tars",
  namespace: "tars-system",
  version: 2,
  info: { status: "deployed" },
  manifest: "",
  ...change,
});
const LABELS = { owner: "helm", name: "tars", version: "2", status: "deployed" };
const flawOf = (change: object = {}, labels: Record<string, string> = LABELS) =>
  recordFlaw(RELEASE, 2, labels, { _tag: "Record", record: record(change) });

describe("a record", () => {
  it("that is what its name and labels say has no flaw", () => {
    assert.isUndefined(flawOf());
    assert.isUndefined(flawOf({ config: null, hooks: null, chart: null }));
  });

  it.each([
    [[], { _tag: "NoRecord" }],
    ["text", { _tag: "NoRecord" }],
    [record({ info: [] }), { _tag: "WrongType", path: "info", type: "object" }],
    [record({ manifest: 5 }), { _tag: "WrongType", path: "manifest", type: "string" }],
    [record({ config: "x" }), { _tag: "WrongType", path: "config", type: "object" }],
    [record({ hooks: {} }), { _tag: "WrongType", path: "hooks", type: "list" }],
    [
      record({ chart: { metadata: { version: 1 } } }),
      { _tag: "WrongType", path: "chart.metadata.version", type: "string" },
    ],
    [record({ version: "2" }), { _tag: "NoRevision" }],
    [record({ version: 2.5 }), { _tag: "NoRevision" }],
  ] as const)("%j cannot be read", (value, damage) => {
    assert.deepStrictEqual(malformation(value), damage);
  });

  it.each([{ version: 5 }, { name: "other" }, { namespace: "elsewhere" }])(
    "with %j is another one's",
    (change) => {
      assert.strictEqual(flawOf(change)?._tag, "Misplaced");
    },
  );

  it.each([
    [{ ...LABELS, status: "superseded" }, ["status"]],
    [{ ...LABELS, version: "3" }, ["version"]],
    [{ ...LABELS, name: "tar" }, ["name"]],
    [{}, ["owner", "name", "version", "status"]],
  ])("labelled %j is not found as what it is", (labels, wrong) => {
    const flaw = flawOf({}, labels as Record<string, string>);
    assert.strictEqual(flaw?._tag, "Mislabelled");
    assert.deepStrictEqual(
      flaw?._tag === "Mislabelled" ? flaw.labels.map(({ label }) => label) : [],
      wrong,
    );
  });

  it("may be labelled with another state, as long as neither is the one that Helm looks for", () => {
    assert.isUndefined(flawOf({ info: { status: "failed" } }, { ...LABELS, status: "superseded" }));
  });
});

it.each([
  ["sh.helm.release.v1.tars.v12", 12],
  ["sh.helm.release.v1.tars.v0", undefined],
  ["sh.helm.release.v1.tars.v2.bak", undefined],
  ["sh.helm.release.v1.tars-2.v3", undefined],
])("%s is the name of revision %s", (name, revision) => {
  assert.strictEqual(revisionNamed(RELEASE, name), revision);
});

describe("a flawed record is in the way", () => {
  const history: History = [
    { revision: 1, status: "superseded", chart: "tars-1.0.0" },
    { revision: 3, status: "deployed", chart: "tars-1.1.0" },
    { revision: 4, status: "failed", chart: "tars-1.2.0" },
  ];
  const unreadable: RecordFlaw = { _tag: "Unreadable", damage: { _tag: "Empty" } };
  const deployed: RecordFlaw = {
    _tag: "Mislabelled",
    labels: [{ label: "status", says: "deployed", record: "failed" }],
  };
  const at = (revision: number, flaw: RecordFlaw = unreadable): FlawedRecord => ({
    kind: "Secret",
    name: `sh.helm.release.v1.tars.v${revision}`,
    revision,
    flaw,
  });

  it.each([
    ["with the name of the next one", at(5), true],
    ["that is the newest", at(4), true],
    ["that is upgraded from", at(3), true],
    ["that is rolled back to", at(1), true],
    ["that is none of these", at(2), false],
    ["that Helm would upgrade from", at(4, deployed), true],
    ["that Helm would not come to", at(2, deployed), false],
  ])("%s", (_, record, expected) => {
    assert.strictEqual(isInTheWay(record, history, 1), expected);
  });

  it("where nothing else is left", () => {
    assert.isTrue(isInTheWay(at(1), [], undefined));
  });
});
