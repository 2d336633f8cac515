/** A page that names a file of the repository, or links to one, names one that is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { assert, it } from "@effect/vitest";

const ROOT = resolve(import.meta.dirname, "../..");

const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/embed/README.md"],
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Decisions tell of what was turned down, too. */
const isHistory = (page: string): boolean => page.startsWith("docs/decisions/");

/** Made by a run or by npm run chart:package, and not kept. */
const WRITTEN = ["test/simulation/found/", "chart/crds.parsed.json"];

const NAMED = /`((?:src|test|bench|scripts|examples|chart)\/[A-Za-z0-9_./-]+)`/g;
const LINKED = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

const missing = (page: string): ReadonlyArray<string> => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const named = isHistory(page) ? [] : [...text.matchAll(NAMED)].map((match) => match[1] ?? "");
  const linked = [...text.matchAll(LINKED)].map((match) => match[1] ?? "");
  return [
    ...named.filter((path) => !WRITTEN.includes(path) && !existsSync(join(ROOT, path))),
    ...linked.filter((path) => !existsSync(join(ROOT, dirname(page), path))),
  ];
};

it.each(PAGES.map((page) => [page]))("%s", (page) => {
  assert.deepStrictEqual(missing(page), []);
});
