/** Something that stands in the way of an upgrade, and goes again. */
import type { Operator } from "../e2e/tare.ts";

export const MOMENTS = ["before", "during", "after"] as const;
/** There from the beginning; there when Helm starts, after the CRDs; there when Helm has ended and the proxies are judged. */
export type Moment = (typeof MOMENTS)[number];

export interface Obstacle {
  /** E.g. `policy that refuses`. */
  readonly kind: string;
  readonly name: string;
  /** What the upgrade must end with where it was there before: with 0 it is harmless. */
  readonly before: ReadonlyArray<number>;
  /** What names it in a cause. */
  readonly names: RegExp;
  /** The server refuses the rollback as it refuses the upgrade. */
  readonly holdsRollback?: boolean;
  /** It refuses Helm's first write already, so that nothing of the release is changed: 23. */
  readonly stopsHelm?: boolean;
  /** As whom tare runs, where it is not the administrator. */
  readonly account?: (who: Operator) => Promise<Account>;
  /** Returns how it goes again. */
  readonly put: (who: Operator) => Promise<Remove>;
}

export type Remove = () => Promise<void>;

export interface Account {
  readonly env: NodeJS.ProcessEnv;
  readonly remove: Remove;
}

export interface Case {
  readonly obstacle: Obstacle;
  readonly moment: Moment;
}

export const nameOf = ({ obstacle, moment }: Case): string =>
  `${obstacle.kind}: ${obstacle.name}, ${moment}`;

/** Exit codes that tell the truth. */
export const allowed = ({ obstacle, moment }: Case): ReadonlyArray<number> => {
  if (moment === "before") return obstacle.before;
  return [
    ...[0, 20],
    ...(obstacle.holdsRollback === true ? [21] : []),
    ...(obstacle.stopsHelm === true ? [23] : []),
  ];
};

/** Half of the matrix, so that two files of tests can share it. */
export const isRefusal = ({ obstacle: { kind } }: Case): boolean => /policy|webhook/.test(kind);
