import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

// A package manager makes it executable once, for the first checkout it sees at a path; for the next it does not.
it("the launcher runs as a program of its own, as it lies in the checkout", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
    readonly bin: { readonly tare: string };
  };
  expect(execFileSync(join(root, manifest.bin.tare), ["--version"], { encoding: "utf8" })).toBe(
    `tare ${manifest.version}\n`,
  );
});
