import { Duration } from "effect";
import {
  deployedRevision,
  type History,
  isPending,
  lastGoodRevision,
  lastRevision,
  type ReleaseRef,
  type Revision,
} from "../release/release.ts";

/** In which state a release was found, as far as a recovery needs to know. */
export type Diagnosis = { readonly _tag: "Sound" } | Stuck;

export type Stuck =
  /** Helm refuses everything but a rollback. `to` is where that goes, if anywhere. */
  | { readonly _tag: "Pending"; readonly revision: Revision; readonly to: Revision | undefined }
  /** Nothing is deployed, though something once was. */
  | { readonly _tag: "Undeployed"; readonly revision: Revision; readonly to: Revision };

export const diagnose = (history: History, unproven: ReadonlySet<number>): Diagnosis => {
  const revision = lastRevision(history);
  if (revision === undefined) return { _tag: "Sound" };
  const to = lastGoodRevision(history, unproven);
  if (isPending(revision)) return { _tag: "Pending", revision, to };
  const ended = revision.status === "failed" || revision.status === "superseded";
  return deployedRevision(history) === undefined && ended && to !== undefined
    ? { _tag: "Undeployed", revision, to }
    : { _tag: "Sound" };
};

/**
 * The longest that Helm can still be at work on a revision it has begun: its wait, a rollback's wait after it, and what
 * it takes to apply both.
 */
export const longestLife = (timeout: Duration.Duration): Duration.Duration =>
  Duration.sum(Duration.times(timeout, 2), Duration.minutes(1));

const WRITING = new Set(["upgrade", "rollback", "install", "uninstall"]);

/** The variable in which a Helm that tare started says which API server it works on. */
export const CLUSTER_MARK = "TARE_CLUSTER";

/** Whether a command line is that of a Helm which writes to the release, in whichever cluster. */
export const isHelmAtWork = (
  words: ReadonlyArray<string>,
  { name, namespace }: ReleaseRef,
): boolean => {
  const program = words.slice(0, 3).findIndex((word) => /(?:^|\/)helm[^/]*$/.test(word));
  const args = words.slice(program + 1);
  const namesNamespace =
    args.includes(`--namespace=${namespace}`) ||
    args.some(
      (word, index) => (word === "-n" || word === "--namespace") && args[index + 1] === namespace,
    );
  return (
    program !== -1 &&
    WRITING.has(args.find((word) => !word.startsWith("-")) ?? "") &&
    args.includes(name) &&
    namesNamespace
  );
};
