import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { planted } from "./planted.ts";
import { PLANTS } from "./plants.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("plants", () => {
  it.each(PLANTS.map((plant) => [plant.name, plant] as const))(
    "%s: fits the source in one place",
    (_, plant) => {
      const source = readFileSync(join(root, plant.file), "utf8");
      assert.notStrictEqual(planted(source, plant), source);
    },
  );

  it("have names of their own", () => {
    assert.strictEqual(new Set(PLANTS.map(({ name }) => name)).size, PLANTS.length);
  });
});
