/** What a tick of the doctor needs has an end, whatever the records hold. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest";
import { PROGRAM_V8_FLAGS } from "../../../src/v8-flags.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tare-memory-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const MANY = 200_000;

/** What a record of two revisions holds, and how many of such there are. */
const RECORDS: ReadonlyArray<readonly [string, number, () => object]> = [
  ["a manifest of 31 MiB", 5, () => ({ manifest: "kind: x\n".repeat((31 * 1024 * 1024) / 8) })],
  ["letters of other alphabets", 5, () => ({ manifest: "kïnd: €\n".repeat(2_500_000) })],
  [
    "secrets without end",
    5,
    () => ({
      config: Object.fromEntries(
        Array.from({ length: MANY }, (_, at) => [`password${at}`, `secret-${at}`]),
      ),
    }),
  ],
  ["a megabyte of noise", 200, () => ({ manifest: randomBytes(560_000).toString("base64") })],
];

/** Twice what was seen on a busy machine is no bound, a tenth more is; before, such records took 311 to 468 MiB. */
const MOST_MIB = 280;

describe("the memory that a tick of the doctor takes", () => {
  it.each(RECORDS)("has an end with records of %s", (_, times, draw) => {
    const info = { status: "deployed", description: "Upgrade complete" };
    const zipped = gzipSync(JSON.stringify({ version: 2, info, config: {}, ...draw() }));
    const release = Buffer.from(zipped.toString("base64")).toString("base64");
    const secret = { kind: "Secret", metadata: { name: "a", uid: "b" }, data: { release } };
    const file = join(folder, "record.json");
    writeFileSync(file, JSON.stringify(secret));
    const reader = join(import.meta.dirname, "read-records.ts");
    const peak = execFileSync(
      process.execPath,
      [...PROGRAM_V8_FLAGS, "--max-semi-space-size=2", reader, file, String(times)],
      { encoding: "utf8" },
    );
    assert.isBelow(Number(peak), MOST_MIB);
  });
});
