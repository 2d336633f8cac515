/** Upgrades that take minutes, of which a run takes one: the commit decides which, and a full run has both. */
import { drawn } from "../../drawn/drawn.ts";

const UPGRADES = ["through a busy priority level", "with tokens that end"] as const;

export const isDrawn = (name: (typeof UPGRADES)[number]): boolean =>
  drawn("upgrades of a login that is hindered", {
    cases: UPGRADES,
    share: 1 / 2,
    nameOf: (one) => one,
    kindOf: () => "",
  }).includes(name);
