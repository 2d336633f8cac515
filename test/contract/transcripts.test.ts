/**
 * The parser of Helm's texts against recorded sessions of Helm 3.17, 3.18 and 4.1: what a command printed and what it
 * left behind must tell one story. The facts themselves are checked in helm-stderr.test.ts and by the contract; this
 * needs the recordings, which are not part of the repository, and says so where they are missing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { classifyHelmError, helmErrorText, helmReason } from "../../src/domain/helm/stderr.ts";
import { type Recorded, recordings } from "./transcripts.ts";

const folder = join(import.meta.dirname, "../../../shared/research/helm-transcripts");

const recorded = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith(".txt"))
      .flatMap((name) => recordings(readFileSync(join(folder, name), "utf8")))
  : [];

if (recorded.length === 0) {
  process.stderr.write(
    `contract: no recorded Helm sessions in ${folder}: their tests are skipped\n`,
  );
}

/** Where two commands ran at once, what they printed is not told apart. */
const saysOneThing = ({ stderr }: Recorded) => stderr.match(/^Error: /gm)?.length === 1;

const failedRuns = recorded.filter(
  (run) => run.command.startsWith("helm upgrade") && run.code === 1 && saysOneThing(run),
);
/** The last revision before each command; a command that added none says nothing about the last one. */
const addedRevision = new Set(
  recorded.filter(({ revisions }, index) => {
    const before = recorded.slice(0, index).findLast((one) => one.revisions.length > 0);
    const newest = revisions.at(-1)?.revision ?? 0;
    return newest > (before?.revisions.at(-1)?.revision ?? 0);
  }),
);

const withHistory = failedRuns.filter(({ revisions }) => revisions.length > 0);

const newestFailure = ({ revisions }: Recorded) =>
  revisions.findLast(
    ({ status, description }) =>
      (status === "failed" || status === "superseded") && description?.startsWith('Upgrade "'),
  );

const squeezed = (text: string) => text.replace(/\s+/g, " ").trim();

describe.skipIf(recorded.length === 0)("recorded sessions of real Helms", () => {
  it("are many", () => {
    process.stderr.write(
      `contract: ${recorded.length} recorded commands, ${failedRuns.length} of them failed upgrades\n`,
    );
    assert.isAtLeast(failedRuns.length, 100);
    assert.isAtLeast(withHistory.length, 40);
  });

  it("leave an error text without the noise around it", () => {
    for (const { command, stderr } of failedRuns) {
      const text = helmErrorText(stderr);
      assert.isNotEmpty(text, command);
      assert.notMatch(text, /^Error: |^level=|^Flag --|^[IWE]\d{4} /m, command);
    }
  });

  it("that say they were rolled back were", () => {
    const rolledBack = withHistory.filter(({ stderr }) =>
      /failed, and has been rolled back due to/.test(helmErrorText(stderr)),
    );
    assert.isAtLeast(rolledBack.length, 10);
    for (const { command, revisions } of rolledBack) {
      const last = revisions.at(-1);
      assert.match(last?.description ?? "", /^Rollback to \d+$/, command);
      assert.strictEqual(last?.status, "deployed", command);
    }
  });

  it("that say the rollback failed left it failed or pending", () => {
    const broken = withHistory.filter(({ stderr }) =>
      /an error occurred while rolling back the release/.test(helmErrorText(stderr)),
    );
    assert.isAtLeast(broken.length, 5);
    for (const { command, revisions } of broken) {
      assert.include(["failed", "pending-rollback"], revisions.at(-1)?.status, command);
    }
  });

  it("give the reason that the failed revision keeps", () => {
    const told = withHistory
      .filter((run) => addedRevision.has(run))
      .filter(
        ({ stderr, revisions }) =>
          /has been rolled back due to/.test(helmErrorText(stderr)) ||
          (revisions.at(-1)?.status === "failed" &&
            revisions.at(-1)?.description?.startsWith('Upgrade "') === true),
      );
    assert.isAtLeast(told.length, 15);
    for (const run of told) {
      const reason = squeezed(helmReason(helmErrorText(run.stderr)));
      const kept = squeezed(
        newestFailure(run)?.description?.replace(/^Upgrade "[^"]*" failed: /, "") ?? "",
      );
      assert.strictEqual(reason, kept, run.command);
    }
  });

  it("are told apart by what they say", () => {
    const kinds = new Set(failedRuns.map(({ stderr }) => classifyHelmError(helmErrorText(stderr))));
    for (const kind of ["locked", "timeout", "unreachable", "forbidden", "storage"]) {
      assert.include([...kinds], kind);
    }
  });
});
