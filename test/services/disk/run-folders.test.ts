import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { runFolderPrefix, sweepDeadRuns } from "../../../src/services/disk/run-folders.ts";

/** A folder for temporary ones, for one test. */
const temporary = Effect.acquireRelease(
  Effect.sync(() => {
    const before = process.env.TMPDIR;
    const folder = mkdtempSync(join(tmpdir(), "tare-sweep-"));
    process.env.TMPDIR = folder;
    return { folder, before };
  }),
  ({ folder, before }) =>
    Effect.sync(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(folder, { recursive: true, force: true });
    }),
);

const made = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), name));
  writeFileSync(join(folder, "values.json"), "secret");
  return folder;
};

const started = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ")[19] ?? "";

describe.runIf(process.platform === "linux")("folders of runs", () => {
  const [, table = ""] =
    /^tare-helm-\d+\.\d+\.([0-9a-f]{12})-$/.exec(runFolderPrefix("helm")) ?? [];

  it.live("that are dead go with the next one, and no others do", () =>
    Effect.gen(function* () {
      const { folder } = yield* temporary;
      const dead = [
        made(`tare-helm-999999999.1.${table}-`),
        made(`tare-login-${process.pid}.1.${table}-`),
        made(`tare-chart-999999999.1.${table}-`),
      ];
      const elsewhere = join(folder, "elsewhere");
      mkdirSync(elsewhere);
      symlinkSync(elsewhere, join(folder, `tare-helm-999999998.1.${table}-link`));
      const kept = [
        made(runFolderPrefix("helm")),
        made("tare-helm-999999999.1.000000000000-"),
        made("tare-helm-"),
        made("tare-other-999999999.1-"),
        elsewhere,
      ];
      sweepDeadRuns();
      assert.deepStrictEqual(dead.filter(existsSync), []);
      assert.deepStrictEqual(kept.filter(existsSync), kept);
    }).pipe(Effect.scoped),
  );

  it.live("that were killed leave nothing, unless a Helm of theirs still reads there", () =>
    Effect.gen(function* () {
      yield* temporary;
      const run = spawn("sleep", ["60"]);
      const pid = run.pid ?? 0;
      const left = made(`tare-helm-${pid}.${started(pid)}.${table}-`);
      sweepDeadRuns();
      assert.isTrue(existsSync(left));
      const helm = spawn("sh", [
        "-c",
        "sleep 60; :",
        "helm",
        "--kubeconfig",
        join(left, "kubeconfig"),
      ]);
      yield* Effect.promise(async () => {
        run.kill("SIGKILL");
        await once(run, "exit");
      });
      sweepDeadRuns();
      assert.isTrue(existsSync(left));
      yield* Effect.promise(async () => {
        helm.kill("SIGKILL");
        await once(helm, "exit");
      });
      sweepDeadRuns();
      assert.isFalse(existsSync(left));
    }).pipe(Effect.scoped),
  );
});
