/** The README's first command, as a process of its own; the longer scenarios are the same code with more waiting. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { programOf } from "../program.ts";

const root = resolve(import.meta.dirname, "../..");

const demo = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [programOf(join(root, "test/demo/main.ts")), ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });

describe("npm run demo", () => {
  it.each([
    ["single-replica", 12, "data-plane Envoy is single-replica (envoyHpa.minReplicas=1)."],
    ["unreachable", 10, "does not answer"],
    ["uninstall", 0, "Uninstallation completed."],
    ["install", 0, "Installation completed."],
  ])("%s ends with %d, as the real thing, and says that it is not", (name, code, line) => {
    const { status, stderr, stdout } = demo(name);
    assert.strictEqual(status, code, stderr);
    assert.strictEqual(stdout, "");
    assert.match(stderr, /^SIMULATED: /);
    assert.include(stderr, line);
    assert.include(stderr, `SIMULATED: tare ended with exit code ${code}.`);
  });

  it("knows its scenarios", () => {
    const { status, stderr } = demo("nonsense");
    assert.strictEqual(status, 2);
    assert.include(
      stderr,
      "single-replica, install, ha-migration, failing-rollout, uninstall, unreachable",
    );
  });
});
