import { describe } from "vitest";
import { drawn } from "../drawn/drawn.ts";
import { describeOnNodes } from "./suite.ts";

/** What takes minutes of real nodes for a part of the promise that few changes touch. */
export const TURNS = ["killed holds", "collectors", "certificates", "without a hold"] as const;

const taken = drawn("suites on real nodes", {
  cases: TURNS,
  share: 1 / TURNS.length,
  nameOf: (name) => name,
  kindOf: () => "suite",
});

/** A suite that only one commit in four runs; `TARE_TEST_FULL=1` runs all. */
export const describeInTurn = (turn: (typeof TURNS)[number], tests: () => void): void => {
  if (taken.includes(turn)) describeOnNodes(turn, tests);
  else describe.skip(`${turn} (another commit's turn)`, tests);
};
