import { Duration } from "effect";
import type { RUN_WARNINGS } from "../../domain/report/warnings/runs.ts";
import { obituary, type RunStep } from "../../domain/run/run-journal.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import type { Words } from "./words.ts";

const work = (release: string | undefined): string =>
  release === undefined ? "changing the CRDs" : `working on release ${release}`;

interface StepWords {
  /** What is under way. */
  readonly now: string;
  /** What it would cost to kill the run now. */
  readonly risk: string;
}

const STEPS: Readonly<Record<RunStep, StepWords>> = {
  recovery: {
    now: "the release is being recovered",
    risk: "Killed now it stays as stuck as it was; the next run with --recover starts over.",
  },
  crds: {
    now: "the CRDs",
    risk: "Killed now some are new and some are old; the next run completes them.",
  },
  upgrade: {
    now: "the upgrade",
    risk: "Killed now its end is recorded nowhere; the next run has to find out.",
  },
  "helm-upgrade": {
    now: "helm upgrade, which was told to stop and rolls back first",
    risk: "Killing it leaves the release pending and half of it new, until tare upgrade runs with --recover.",
  },
  gate: {
    now: "the check of the data plane",
    risk: "Killed now, it is not known whether it works.",
  },
  drain: {
    now: "the last streams of the replaced proxies",
    risk: "Killed now the proxies serve on, and Kubernetes ends them when their time is over.",
  },
  "helm-rollback": {
    now: "helm rollback",
    risk: "Killing it leaves the release pending-rollback and in pieces, until tare upgrade runs with --recover.",
  },
  event: {
    now: "the row of the deployment history",
    risk: "Killed now the next run writes it.",
  },
};

export const RUN_WORDS: Words<keyof typeof RUN_WARNINGS> = {
  "lock-watched": ({ holder, release, since, atMost }) =>
    `${holder} holds the lock since ${since} and is ${work(release)}, if it still runs: watching its heartbeat for up to ${Duration.toSeconds(atMost)} s`,
  "lock-awaited": ({ holder, release }) => `waiting for ${holder}, who is ${work(release)}`,
  "lock-taken-over": ({ holder, release, since, proof }) =>
    proof === "gone"
      ? `${holder} died while it was ${work(release)}: its process is gone. Took over its lock of ${since}`
      : `${holder} died or lost the cluster while it was ${work(release)}: no heartbeat for as long as its lock lasts. Took over its lock of ${since}`,
  "holder-watched": ({ holder, atMost }) =>
    `watching whether ${holder} is alive, for ${formatGoDuration(atMost)} at the most`,
  "helm-awaited": ({ pid }) =>
    `helm (process ${pid}) is still at work on the release: waiting for it`,
  "distant-helm-awaited": ({ host = "another machine", revision, atMost }) =>
    `a helm on ${host} may still be at work on revision ${revision}, and cannot be seen from here: waiting up to ${formatGoDuration(atMost)} for its timeouts to pass`,
  "run-died": ({ run }) => obituary(run),
  "dead-run-event-not-written": ({ cause }) =>
    `the deployment history was not told of the run that died: ${cause}`,
  "release-recovered": ({ release, restored, deployed }) =>
    `release ${release} recovered: revision ${restored} runs again, as revision ${deployed}`,
  interrupted: () =>
    "interrupted: the release is brought to a safe state first, do not kill this run",
  "still-running": ({ step, pids }) => {
    const processes = pids.map((pid) => `, process ${pid}`).join("");
    return `still running: ${STEPS[step].now}${processes}. ${STEPS[step].risk}`;
  },
  "still-ending": () => "still ending: what was noted down is being written",
};
