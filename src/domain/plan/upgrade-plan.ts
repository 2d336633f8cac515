/** What an upgrade or an installation would do, as data. */
import type { KeptBy } from "../crds/refusal.ts";
import type { ImageChange, ObjectChange, Roll } from "../fields/object-change.ts";
import type { TakenFields } from "../fields/taken-fields.ts";
import type { PlannedValue } from "./planned-values.ts";

export interface PlannedCrdChange {
  readonly name: string;
  readonly verdict: "create" | "update" | "unchanged" | "kept";
  readonly keptBy?: KeptBy;
}

interface PlannedBudget {
  /** As Go durations. */
  readonly timeout: string;
  readonly drain: string;
  /** Of the data plane as it runs; draining one after another takes `drain` so many times. */
  readonly replicas: number;
}

/** What a plan cannot tell, in the words of Helm or the server. */
export type PlanLimit =
  /** The chart was rendered without what the cluster answers to its lookups. */
  | { readonly _tag: "WithoutServer"; readonly detail: string }
  /** It is yet to be made, so that nothing could be rehearsed there. */
  | { readonly _tag: "NamespaceAbsent"; readonly namespace: string }
  /** It could not be read, or be rehearsed. */
  | { readonly _tag: "Object"; readonly object: string; readonly detail: string };

export interface UpgradePlan {
  /** Nothing is installed yet. */
  readonly isFirst: boolean;
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
  readonly limits: ReadonlyArray<PlanLimit>;
}

/** An upgrade to what is there already still makes a revision; that alone is no change. */
export const planHasChanges = (plan: UpgradePlan): boolean =>
  plan.fromVersion !== plan.toVersion ||
  plan.objects.length > 0 ||
  plan.rolls.length > 0 ||
  plan.identityChanges ||
  plan.crds.some(({ verdict }) => verdict === "create" || verdict === "update") ||
  plan.values.some(({ fate }) => fate !== "kept");
