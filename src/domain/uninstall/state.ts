/** Whether what was found is this program's to uninstall. */
import { chartName, type History, lastRevision } from "../release/release.ts";
import type { Keeper, Unrecorded } from "../release/unrecorded.ts";
import { isNothing, type UninstallPlan } from "./plan.ts";
import type { User } from "./users.ts";

/** The chart of every release that tare installs. */
const CHART = "tars";

interface UninstallFacts {
  readonly history: History;
  /** Argo CD or Flux, where one of them looks after what runs there: it would bring it back. */
  readonly keeper:
    | { readonly keeper: Keeper; readonly deployments: ReadonlyArray<string> }
    | undefined;
  /** What runs there without a record that Helm, as it is asked, could read. */
  readonly unrecorded: Unrecorded | undefined;
  readonly plan: UninstallPlan;
  /** `--force`. */
  readonly force: boolean;
}

export type UninstallDecision =
  | { readonly _tag: "Uninstall" }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "OtherChart"; readonly chart: string }
  /** Helm has records of it where it does not look. */
  | { readonly _tag: "OtherStorage"; readonly driver: "configmap" | "secret" }
  | {
      readonly _tag: "Kept";
      readonly keeper: Keeper;
      readonly deployments: ReadonlyArray<string>;
    }
  | { readonly _tag: "Used"; readonly users: ReadonlyArray<User> };

/** The first row that holds decides. */
export const uninstallDecision = ({
  history,
  keeper,
  unrecorded,
  plan,
  force,
}: UninstallFacts): UninstallDecision => {
  const last = lastRevision(history);
  if (last !== undefined && chartName(last) !== CHART) {
    return { _tag: "OtherChart", chart: last.chart };
  }
  if (last === undefined && unrecorded?._tag === "OtherStorage") return unrecorded;
  if (keeper !== undefined) return { _tag: "Kept", ...keeper };
  if (isNothing(plan)) return { _tag: "Nothing" };
  return plan.users.length > 0 && !force
    ? { _tag: "Used", users: plan.users }
    : { _tag: "Uninstall" };
};
