import { assert, it } from "@effect/vitest";
import type { RecordFlaw } from "../../../src/domain/release/record-flaw.ts";
import { describeRecord } from "../../../src/words/release/record-flaw.ts";

const unreadable = (_tag: "Empty" | "NoRecord" | "NoRevision"): RecordFlaw => ({
  _tag: "Unreadable",
  damage: { _tag },
});

it.each<[RecordFlaw, string]>([
  [unreadable("Empty"), "cannot be read (it is empty)"],
  [unreadable("NoRecord"), "cannot be read (it holds no record of a release)"],
  [unreadable("NoRevision"), "cannot be read (it does not say which revision it is)"],
  [
    { _tag: "Unreadable", damage: { _tag: "WrongType", path: "info", type: "object" } },
    "cannot be read (its info is no object)",
  ],
  [
    { _tag: "Misplaced", revision: 3, name: "b", namespace: "a" },
    "holds revision 3 of release a/b",
  ],
  [
    {
      _tag: "Mislabelled",
      labels: [
        { label: "owner", says: undefined, record: "helm" },
        { label: "status", says: "deployed", record: "failed" },
      ],
    },
    "is not what it is labelled: it has no label owner, and is helm; its label status says deployed, and the record says failed",
  ],
])("%j", (flaw, words) => {
  const record = { kind: "Secret", name: "sh.helm.release.v1.tars.v2", revision: 2, flaw };
  assert.strictEqual(
    describeRecord("tars-system", record),
    `Secret tars-system/sh.helm.release.v1.tars.v2 ${words}`,
  );
});
