/**
 * A policy may rewrite every Deployment: what is asked for then never is what runs. The server's own answer to the question
 * what it would make of it decides; where it gives none, what was made of the same request before.
 */
import { fieldAt, type KubeObject } from "../../kube/objects.ts";
import { type Difference, differences, isAsBefore, type Tree } from "../difference.ts";
import { keyOfObject, type RolloutView } from "../view.ts";

export type Known = Partial<Pick<RolloutView, "answers" | "refusals" | "prior">>;

/** What is asked of a workload as it is now: another specification is another question. */
export const questionOf = ({ metadata }: KubeObject, asked: Tree): string =>
  `${metadata.uid} ${metadata.generation} ${JSON.stringify(asked)}`;

/** The server's answer to a controller that tries to make it so. */
export const refusalOf = (
  { refusals }: Known,
  workload: KubeObject,
  asked: Tree,
): string | undefined => refusals?.get(questionOf(workload, asked));

/** What of the live workload is not as it is asked to be, although no policy makes anything else of it. */
export const unexplained = (
  { answers, prior }: Known,
  workload: KubeObject,
  asked: Tree,
): ReadonlyArray<Difference> => {
  const made = answers?.get(questionOf(workload, asked)) ?? asked;
  const before = prior?.workloads.get(keyOfObject(workload))?.differences ?? [];
  return differences(fieldAt(workload, "spec"), made).filter((one) => !isAsBefore(before, one));
};
