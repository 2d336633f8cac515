import { assert, describe, it } from "@effect/vitest";
import { drawnPart } from "./part.ts";

const kinds = { before: 8, after: 5, alone: 1 };
const cases = Object.entries(kinds).flatMap(([kind, size]) =>
  Array.from({ length: size }, (_, n) => ({ kind, name: `${kind} ${n}` })),
);
const draw = (seed: string, share = 1 / 3, of = cases) =>
  drawnPart({ cases: of, share, nameOf: ({ name }) => name, kindOf: ({ kind }) => kind }, seed);

const seeds = Array.from({ length: 200 }, (_, n) => `commit ${n}`);
const names = (part: ReadonlyArray<{ readonly name: string }>) => part.map(({ name }) => name);

describe("a drawn part", () => {
  it("is the same for the same seed, in the order of the matrix", () => {
    for (const seed of seeds) {
      const part = draw(seed);
      assert.deepStrictEqual(draw(seed), part);
      assert.deepStrictEqual(
        part,
        cases.filter((one) => part.includes(one)),
      );
    }
  });

  it("has its share of each kind, and never none", () => {
    for (const seed of seeds) {
      const sizes = Map.groupBy(draw(seed), ({ kind }) => kind);
      assert.deepStrictEqual(
        Object.keys(kinds).map((kind) => sizes.get(kind)?.length),
        [3, 2, 1],
      );
      assert.strictEqual(draw(seed, 0).length, Object.keys(kinds).length);
    }
  });

  it("comes to every case", () => {
    const reached = new Set(seeds.flatMap((seed) => names(draw(seed))));
    assert.strictEqual(reached.size, cases.length);
  });

  it("is everything for a share of 1, and nothing of nothing", () => {
    assert.deepStrictEqual(draw("any", 1), cases);
    assert.deepStrictEqual(draw("any", 1, []), []);
  });

  it("keeps the order of the draw when a case is added", () => {
    const added = [...cases, { kind: "before", name: "before 8" }];
    for (const seed of seeds) {
      const stayed = names(draw(seed, 1 / 3, added)).filter((name) => name !== "before 8");
      assert.includeMembers(names(draw(seed)), stayed);
    }
  });
});
