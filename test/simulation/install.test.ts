/** A fixed part of the simulated installations, small enough for every test run. */
import { assert, describe, it } from "@effect/vitest";
import { drawInstall, runInstallStory } from "./install.ts";

const SEEDS = Number(process.env.TARE_INSTALL_SEEDS ?? 40);
const FIRST = Number(process.env.TARE_INSTALL_FIRST_SEED ?? 1);

describe("simulated installations", () => {
  it("leave nothing of a first one that failed, lose no value on a re-run, and converge", () => {
    const endings = new Map<string, number>();
    const violating = Array.from({ length: SEEDS }, (_, index) => FIRST + index).flatMap((seed) => {
      const { ending, violations } = runInstallStory(drawInstall(seed));
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
      return violations.map((violation) => `seed ${seed}: ${violation}`);
    });
    assert.deepStrictEqual(violating, []);
    // A net that catches nothing because nothing happens would be no net.
    for (const ending of ["exit 0", "exit 20", "killed"])
      assert.isAbove(endings.get(ending) ?? 0, 0);
  });
});
