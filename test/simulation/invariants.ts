/** The table of everything that must hold; docs/simulation.md shows it. */
import { beforeInvariants } from "./invariants/before.ts";
import { crdInvariants } from "./invariants/crds.ts";
import { endingInvariants } from "./invariants/endings.ts";
import { eventInvariants } from "./invariants/events.ts";
import { holdInvariants } from "./invariants/hold.ts";
import { hostileInvariants } from "./invariants/hostile.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { releaseInvariants } from "./invariants/release.ts";
import { streamInvariants } from "./invariants/streams.ts";
import { valueInvariants } from "./invariants/values.ts";
import type { Outcome } from "./run.ts";

export const INVARIANTS: ReadonlyArray<Invariant> = [
  ...releaseInvariants,
  ...eventInvariants,
  ...valueInvariants,
  ...crdInvariants,
  ...endingInvariants,
  ...holdInvariants,
  ...beforeInvariants,
  ...streamInvariants,
  ...hostileInvariants,
];

export interface Violation {
  readonly invariant: string;
  readonly problem: string;
}

export const violationsOf = (outcome: Outcome): ReadonlyArray<Violation> =>
  INVARIANTS.flatMap(({ name, check }) => {
    const problem = check(outcome);
    return problem === undefined ? [] : [{ invariant: name, problem }];
  });
