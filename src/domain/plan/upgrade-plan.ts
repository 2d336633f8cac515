/** What an upgrade would do, as data. */
import type { ImageChange, ObjectChange, Roll } from "../fields/object-change.ts";
import type { TakenFields } from "../fields/taken-fields.ts";
import type { PlannedValue } from "./planned-values.ts";

export interface PlannedCrdChange {
  readonly name: string;
  readonly verdict: "create" | "update" | "unchanged" | "kept";
  readonly why?: string;
}

interface PlannedBudget {
  /** As Go durations. */
  readonly timeout: string;
  readonly drain: string;
  /** Of the data plane as it runs; draining one after another takes `drain` so many times. */
  readonly replicas: number;
}

export interface UpgradePlan {
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly values: ReadonlyArray<PlannedValue>;
  readonly crds: ReadonlyArray<PlannedCrdChange>;
  readonly objects: ReadonlyArray<ObjectChange>;
  /** What others set or removed, and the upgrade sets again. */
  readonly taken: ReadonlyArray<TakenFields>;
  readonly images: ReadonlyArray<ImageChange>;
  readonly rolls: ReadonlyArray<Roll>;
  /** Hooks that run on the way, e.g. `Job certgen`. */
  readonly hooks: ReadonlyArray<string>;
  /** Whether Secret `tars-identity` changes. */
  readonly identityChanges: boolean;
  readonly budget: PlannedBudget;
  /** What this plan cannot tell, and why. */
  readonly limits: ReadonlyArray<string>;
}

/** An upgrade to what is there already still makes a revision; that alone is no change. */
export const planHasChanges = (plan: UpgradePlan): boolean =>
  plan.fromVersion !== plan.toVersion ||
  plan.objects.length > 0 ||
  plan.rolls.length > 0 ||
  plan.identityChanges ||
  plan.crds.some(({ verdict }) => verdict === "create" || verdict === "update") ||
  plan.values.some(({ fate }) => fate !== "kept");
