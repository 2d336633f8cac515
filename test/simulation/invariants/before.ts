/** What is known before the first write. */
import type { LoggedRequest } from "../../fakes/cluster/FakeCluster.ts";
import { planVerdict } from "../plan.ts";
import type { Outcome } from "../run.ts";
import { isLockedForEver } from "../world/hostile.ts";
import { refusalOf } from "../world/obstacles.ts";
import type { Invariant } from "./invariant.ts";

const WRITES = new Set(["apply", "create", "replace", "patch", "delete"]);

/** Locks and notes of the run are no part of the release. */
const ITS_OWN = new Set(["Lease", "ConfigMap"]);

const isOfRelease = ({ actor, verb, kind = "", dryRun }: LoggedRequest): boolean =>
  WRITES.has(verb) && !dryRun && (actor === "helm" || (actor === "tare" && !ITS_OWN.has(kind)));

/** Nothing befell it that could have hidden anything. */
const isUndisturbed = ({ story, first }: Outcome): boolean =>
  first.how === "ended" &&
  first.befallen.struck.size === 0 &&
  story.faults.every(({ _tag }) => _tag !== "HelmStep");

const writtenInSpite = (outcome: Outcome): string | undefined => {
  const { story, first } = outcome;
  const { inTheWay } = story.world;
  if (refusalOf(story.world) === undefined || !isUndisturbed(outcome)) return undefined;
  const written = first.requests.find(isOfRelease);
  return written === undefined ? undefined : `${written.label}, with ${inTheWay} in the way`;
};

/** Runs that ended before Helm began its work. */
const REFUSED = new Set([2, 10, 11, 12, 13, 14, 23]);

/** A namespace that is being deleted takes no Lease either: the upgrade may meet that first, where it has to wait for another run. */
const takesNoLock = ({ story, first }: Outcome): boolean =>
  story.world.inTheWay === "terminating-system" && first.error?._tag === "ClusterUnavailable";

const differsFromPlan = (outcome: Outcome): string | undefined => {
  const { story, first } = outcome;
  if (!isUndisturbed(outcome) || first.code === undefined) return undefined;
  // A plan takes no lock.
  if (isLockedForEver(story.world) || takesNoLock(outcome)) return undefined;
  const verdict = REFUSED.has(first.code) ? first.error?._tag : "goes on";
  const planned = planVerdict(story);
  return planned === verdict
    ? undefined
    : `the upgrade ended with ${first.code} (${first.error?._tag}), and the plan says: ${planned}`;
};

export const beforeInvariants: ReadonlyArray<Invariant> = [
  {
    name: "known-before-the-first-write",
    what: "Where a full quota of objects, a damaged record, or a namespace or CRD that is being deleted was in the way before, nothing of the release, its CRDs or its identity is written.",
    why: "What can be known is no reason for half an upgrade.",
    check: writtenInSpite,
  },
  {
    name: "the-plan-says-the-same",
    what: "`--plan` refuses what the upgrade refuses, for the same reason, and goes on where the upgrade begins its work.",
    why: "A plan that promises another thing than the upgrade does is worse than none.",
    check: differsFromPlan,
  },
];
