import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, it } from "@effect/vitest";
import pinned from "../../src/services/tools/pins.json" with { type: "json" };

const ROOT = resolve(import.meta.dirname, "../..");
const SCRIPT = join(ROOT, "scripts/refresh-tool-pins.ts");
const HASH = "ab".repeat(32);

it("refreshed pins are in the file that the program reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "tare-pins-"));
  try {
    const [file, stub] = [join(folder, "pins.json"), join(folder, "stub.mjs")];
    writeFileSync(file, JSON.stringify(pinned));
    writeFileSync(stub, `globalThis.fetch = async () => new Response("${HASH}  x");`);
    execFileSync(process.execPath, ["--import", stub, SCRIPT, "--helm", "4.9.9", "--file", file], {
      stdio: "pipe",
    });
    const after = JSON.parse(readFileSync(file, "utf8")) as typeof pinned;
    assert.strictEqual(after.helm.version, "4.9.9");
    assert.strictEqual(after.helm.sha256["linux-amd64"], HASH);
    assert.strictEqual(after.kubectl.version, pinned.kubectl.version);
    const text = readFileSync(SCRIPT, "utf8");
    assert.include(text, '"../src/services/tools/pins.json"');
    assert.include(
      readFileSync(join(ROOT, "src/services/tools/settings.ts"), "utf8"),
      '"./pins.json"',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
