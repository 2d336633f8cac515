import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest";
import { changeableByOthers } from "../../src/services/tools/files.ts";

describe.runIf(process.platform !== "win32")("a tool in the cache", () => {
  let root = "";
  let file = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tare-changeable-"));
    mkdirSync(join(root, "helm", "4.2.4"), { recursive: true, mode: 0o755 });
    file = join(root, "helm", "4.2.4", "helm");
    writeFileSync(file, "", { mode: 0o755 });
    for (const path of [file, join(root, "helm", "4.2.4"), join(root, "helm"), root]) {
      chmodSync(path, 0o755);
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is its owner's alone when nobody else may write to it or above it", () => {
    assert.isUndefined(changeableByOthers(root, file));
  });

  it.each([
    ["the file", "helm/4.2.4/helm", 0o775],
    ["the file, for all", "helm/4.2.4/helm", 0o757],
    ["its folder", "helm/4.2.4", 0o775],
    ["the tool's folder", "helm", 0o777],
    ["the cache", "", 0o775],
  ])("is not when others may write to %s", (_, path, mode) => {
    chmodSync(join(root, path), mode);
    assert.strictEqual(changeableByOthers(root, file), join(root, path));
  });

  it.runIf(process.getuid?.() === 0)("is not when it is another user's", () => {
    chownSync(file, 65_534, 65_534);
    assert.strictEqual(changeableByOthers(root, file), file);
  });
});
