/** What the README says of flags and exit codes is what is declared. */
import { readFileSync } from "node:fs";
import { assert, it } from "@effect/vitest";
import { README, withTables } from "../../scripts/readme-tables.ts";

it("the tables of the README are those that npm run docs:tables writes", () => {
  const readme = readFileSync(README, "utf8");
  assert.strictEqual(readme, withTables(readme));
});
