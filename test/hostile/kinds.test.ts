/** Some of each kind of what others supply: met without a defect, in bounded time, with nothing raw shown. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { makeDice } from "../simulation/dice.ts";
import { KINDS } from "./kinds/kinds.ts";
import { isOfTheFakes, objectionTo } from "./met.ts";

const NUMBER = Number(process.env.TARE_FUZZ ?? 24);
const FIRST = Number(process.env.TARE_FUZZ_FIRST ?? 1);

describe("what others supply is met", () => {
  it.effect.each(KINDS)(
    "$name",
    Effect.fnUntraced(function* ({ name, meet }) {
      for (let seed = FIRST; seed < FIRST + NUMBER; seed++) {
        const met = yield* Effect.scoped(meet(makeDice(seed)));
        if (isOfTheFakes(met)) continue;
        const objection = objectionTo(met);
        assert.isUndefined(objection, `npm run fuzz -- --kind "${name}" --seed ${seed}`);
      }
    }),
  );
});
