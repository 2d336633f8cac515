import { stripVTControlCharacters } from "node:util";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { answersAhead } from "../../../scripts/build/answers.ts";
import { INSTALL_FLAGS } from "../../../src/cli/flags/install-flags.ts";
import { UPGRADE_FLAGS } from "../../../src/cli/flags/upgrade-flags.ts";
import { type HelpPage, helpText } from "../../../src/render/help/help-text.ts";

const PLAIN = { columns: 100, colours: false, all: false };

const PAGE: HelpPage = {
  about:
    "Does one thing, and says what it did in as few words as it can.\n\n  kept as it is   here",
  usage: "tare one [flags]",
  sections: [
    { title: "ARGUMENTS", rows: [] },
    {
      title: "FLAGS",
      rows: [
        { term: "--short", text: "A few words" },
        { term: "--a-flag-whose-name-is-long VALUE", text: "What it does" },
      ],
    },
    { title: "ADVANCED FLAGS", rows: [{ term: "--rare", text: "Seldom" }], isAdvanced: true },
  ],
  examples: [
    { command: "tare one", note: "The usual way" },
    { command: "tare one --short", note: undefined },
  ],
  more: [],
};

describe("a page of help", () => {
  it("has its terms in one column, and texts below where a term is too long", () => {
    assert.strictEqual(
      helpText(PAGE, PLAIN),
      `Does one thing, and says what it did in as few words as it can.

  kept as it is   here

USAGE
  tare one [flags]

FLAGS
  --short                         A few words
  --a-flag-whose-name-is-long VALUE
                                  What it does

EXAMPLES
  # The usual way
  tare one

  tare one --short`,
    );
  });

  it("has its texts below their terms where there is little room", () => {
    assert.include(
      helpText(PAGE, { ...PLAIN, columns: 40 }),
      "FLAGS\n  --short\n      A few words\n  --a-flag",
    );
  });

  it("has rare flags on request alone", () => {
    assert.notInclude(helpText(PAGE, PLAIN), "--rare");
    assert.include(helpText(PAGE, { ...PLAIN, all: true }), "ADVANCED FLAGS\n  --rare  Seldom");
  });
});

describe("the help of every command", () => {
  it.effect.each([40, 60, 80, 100, 120])("fits into %d columns", (columns) =>
    Effect.gen(function* () {
      const { pages } = yield* answersAhead;
      assert.isAbove(Object.keys(pages).length, 10);
      for (const page of Object.values(pages)) {
        const laidOut = { ...page, examples: [], more: [] };
        for (const line of helpText(laidOut, { ...PLAIN, columns, all: true }).split("\n")) {
          // What cannot be broken: a word, or the name of a flag with its value.
          const isOneTerm = /^ {2}\S+(?:, \S+)*(?: \S+)?$/.test(line) || !line.trim().includes(" ");
          const isShown = page.about.includes(line) || line.includes("tare ");
          if (!isOneTerm && !isShown) assert.isAtMost(line.length, columns, line);
        }
      }
    }),
  );

  it.effect.each([
    ["upgrade", UPGRADE_FLAGS],
    ["install", INSTALL_FLAGS],
  ] as const)("names all flags of %s with --all, and each once", ([command, flags]) =>
    Effect.gen(function* () {
      const { pages } = yield* answersAhead;
      const page = pages[`${command} --help`];
      assert.isDefined(page);
      const terms = helpText(page as HelpPage, { ...PLAIN, all: true })
        .split("\n")
        .flatMap((line) => /^ {2}--([a-z-]+)/.exec(line)?.[1] ?? []);
      for (const { name } of Object.values(flags)) {
        assert.lengthOf(
          terms.filter((term) => term === name),
          1,
          name,
        );
      }
    }),
  );

  it.effect("has the same words in colours", () =>
    Effect.gen(function* () {
      const { pages } = yield* answersAhead;
      for (const page of Object.values(pages)) {
        const coloured = helpText(page, { ...PLAIN, colours: true });
        const plain = stripVTControlCharacters(coloured);
        assert.strictEqual(plain, helpText(page, PLAIN));
      }
    }),
  );
});
