/** What an installation finds on the cluster, and what it does about it: one table, and never an error's text. */
import type { Deletion } from "../checks/terminating.ts";
import { isListedAsUninstalled, presentInstallation } from "../helm/listed-last.ts";
import {
  chartName,
  chartVersion,
  deployedRevision,
  type History,
  lastGoodRevision,
  lastRevision,
  type ReleaseRef,
  type Revision,
} from "../release/release.ts";
import type { Keeper, Unrecorded } from "../release/unrecorded.ts";

/** A namespace or CRD that is being deleted. */
export interface Going {
  readonly kind: "namespace" | "customresourcedefinition";
  readonly name: string;
  readonly deletion: Deletion;
}

interface KeptDeployments {
  readonly keeper: Keeper;
  /** Their names. */
  readonly deployments: ReadonlyArray<string>;
}

export interface InstallFacts {
  readonly history: History;
  /** Revisions whose data plane was never seen to work. */
  readonly unproven: ReadonlySet<number>;
  readonly chart: { readonly name: string; readonly version: string };
  /** TARS releases under other names, or in other namespaces. */
  readonly elsewhere: ReadonlyArray<ReleaseRef>;
  /** What runs there without a record of Helm's. */
  readonly unrecorded: Unrecorded | undefined;
  /** Argo CD or Flux, where one of them looks after what runs there. */
  readonly keeper: KeptDeployments | undefined;
  readonly going: ReadonlyArray<Going>;
}

export type InstallDecision =
  /** Nothing is there, or what was there is uninstalled. */
  | { readonly _tag: "Install" }
  /** The chart runs already. */
  | { readonly _tag: "Converge"; readonly deployed: Revision; readonly isProven: boolean }
  | { readonly _tag: "OtherVersion"; readonly deployed: Revision }
  /** An installation that never worked: nothing can be gone back to, so that it has to go first. */
  | { readonly _tag: "Husk"; readonly revision: Revision }
  /** An upgrade or a rollback did not end, and there is a revision to go back to. */
  | { readonly _tag: "Unfinished"; readonly revision: Revision; readonly lastGood: Revision }
  /** It is uninstalled, and Helm takes an older record than the newest for the last one: it would refuse. */
  | { readonly _tag: "HistoryInTheWay"; readonly revision: Revision }
  | { readonly _tag: "Elsewhere"; readonly releases: ReadonlyArray<ReleaseRef> }
  | { readonly _tag: "Foreign"; readonly installed: string }
  | {
      readonly _tag: "Kept";
      readonly keeper: Keeper;
      readonly deployments: ReadonlyArray<string>;
    }
  | { readonly _tag: "Unrecorded"; readonly unrecorded: Unrecorded }
  | { readonly _tag: "Going"; readonly going: ReadonlyArray<Going> };

const ofUnrecorded = (facts: InstallFacts): InstallDecision => {
  const { unrecorded, elsewhere } = facts;
  if (unrecorded !== undefined) return { _tag: "Unrecorded", unrecorded };
  return elsewhere.length > 0 ? { _tag: "Elsewhere", releases: elsewhere } : { _tag: "Install" };
};

/** The first row that holds decides. */
export const installDecision = (facts: InstallFacts): InstallDecision => {
  const { history, unproven, chart, keeper, going } = facts;
  if (going.length > 0) return { _tag: "Going", going };
  if (keeper !== undefined) return { _tag: "Kept", ...keeper };
  const last = lastRevision(history);
  if (last === undefined) return ofUnrecorded(facts);
  if (last.status === "uninstalled") {
    return isListedAsUninstalled(history)
      ? ofUnrecorded(facts)
      : { _tag: "HistoryInTheWay", revision: last };
  }
  const deployed = deployedRevision(history);
  const installed = chartName(deployed ?? last);
  if (installed !== chart.name) return { _tag: "Foreign", installed };
  // What was there before an uninstallation is no revision to go back to.
  const lastGood = lastGoodRevision(presentInstallation(history), unproven);
  const isPending = last.status.startsWith("pending-");
  if (deployed === undefined || isPending) {
    return lastGood === undefined || last.status === "uninstalling"
      ? { _tag: "Husk", revision: last }
      : { _tag: "Unfinished", revision: last, lastGood };
  }
  return chartVersion(deployed) === chart.version
    ? { _tag: "Converge", deployed, isProven: !unproven.has(deployed.revision) }
    : { _tag: "OtherVersion", deployed };
};
