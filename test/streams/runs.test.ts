import { assert, describe, it } from "@effect/vitest";
import { parseOptions, SCENARIOS } from "./options.ts";
import { RUNS } from "./runs.ts";

const options = RUNS.map(({ flags }) =>
  parseOptions(flags.split(" ").filter((word) => word !== "")),
);

describe("the runs of npm run streams:full", () => {
  it("have flags that are taken", () => {
    for (const one of options) assert.isDefined(one);
  });

  it("are of every scenario, and only the negative control may drop", () => {
    const scenarios = options.map((one) => one?.scenario);
    assert.sameMembers([...new Set(scenarios)], Object.keys(SCENARIOS));
    const dropping = scenarios.filter((_, index) => RUNS[index]?.drops === "some");
    assert.deepStrictEqual(dropping, ["negative-control"]);
  });
});
