/** What the docs say of flags, exit codes and programs is what there is. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { assert, it } from "@effect/vitest";
import { generated, PAGES } from "../../scripts/generated-docs.ts";

it.each(PAGES.map((page) => [basename(page), page]))(
  "%s is as npm run docs:generated leaves it",
  (_, page) => {
    const text = readFileSync(page, "utf8");
    assert.strictEqual(text, generated(text));
    assert.match(text, /<!-- end of (?:table|file) -->/);
  },
);
