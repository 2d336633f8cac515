/** The contract on the fakes. The same cases run on the real thing in test/cluster/contract-*.test.ts. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { simulate } from "../fakes/simulate.ts";
import { CASES, ofArea, oneSided, runsOn } from "./cases.ts";
import { layerFakeStage } from "./fake-stage.ts";
import type { ContractCase } from "./stage.ts";

const VERSIONS = ["v3.21.4", "v4.2.4"];

const run = ({ name, run }: ContractCase, helm: string) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const { exit } = yield* simulate(Effect.scoped(run), "2 hours");
      yield* exit;
    }).pipe(Effect.provide(layerFakeStage(helm))),
  );

describe("the contract, on the fakes", () => {
  describe.each(VERSIONS)("Helm %s", (helm) => {
    for (const one of runsOn("fake", ofArea("helm"))) run(one, helm);
  });
  describe("the cluster", () => {
    for (const one of runsOn("fake", ofArea("cluster"))) run(one, "v4.2.4");
  });
});

describe("the cases", () => {
  it("have names of their own", () => {
    assert.strictEqual(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  });

  it("run on both sides, but for a few that say why", () => {
    process.stderr.write(`contract: ${CASES.length} cases, ${oneSided.length} of them one-sided\n`);
    for (const { side, name, why } of oneSided) {
      process.stderr.write(`contract: only ${side}: ${name}: ${why}\n`);
    }
    assert.isAtLeast(CASES.length, 60);
    assert.isAtMost(oneSided.length, 10);
  });
});
