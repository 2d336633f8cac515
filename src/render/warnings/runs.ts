import { Duration } from "effect";
import type { RUN_WARNINGS } from "../../domain/report/warnings/runs.ts";
import type { RunStep } from "../../domain/run/run-journal.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { sinceOrUnknown } from "../../words/release/times.ts";
import { obituary } from "../../words/run/journal.ts";
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
    risk: "If killed now, it stays stuck; run tare upgrade with --recover again.",
  },
  namespaces: {
    now: "the namespaces and secrets",
    risk: "If killed now, the next run writes what is missing.",
  },
  crds: {
    now: "the CRDs",
    risk: "If killed now, some are new and some are old; the next run completes them.",
  },
  upgrade: {
    now: "the upgrade",
    risk: "If killed now, its end is not recorded, and the next run has to find out.",
  },
  "helm-upgrade": {
    now: "helm upgrade, which was told to stop and rolls back first",
    risk: "If killed now, the release stays pending and half upgraded until tare upgrade runs with --recover.",
  },
  gate: {
    now: "the check of the data plane",
    risk: "If killed now, its state stays unverified.",
  },
  drain: {
    now: "the last streams of the replaced proxies",
    risk: "If killed now, the proxies serve on until Kubernetes ends them.",
  },
  "helm-rollback": {
    now: "helm rollback",
    risk: "If killed now, the release stays pending-rollback and half restored until tare upgrade runs with --recover.",
  },
  "custom-resources": {
    now: "the deletion of the custom resources",
    risk: "If killed now, the rest of the release stays until the same command is run again.",
  },
  finalizers: {
    now: "the removal of finalizers",
    risk: "If killed now, what they hold stays until the same command is run again.",
  },
  "helm-uninstall": {
    now: "helm uninstall",
    risk: "If killed now, parts of the release stay until tare install or tare uninstall runs again.",
  },
  event: {
    now: "the row of the deployment history",
    risk: "If killed now, the next run writes it.",
  },
};

export const RUN_WORDS: Words<keyof typeof RUN_WARNINGS> = {
  "lock-watched": ({ holder, release, since, atMost }) =>
    `${holder} holds the lock since ${sinceOrUnknown(since)} and is ${work(release)}, if it still runs: watching its heartbeat for up to ${Duration.toSeconds(atMost)} s`,
  "lock-awaited": ({ holder, release }) =>
    `waiting for another run to finish: ${holder}, ${work(release)}`,
  "lock-taken-over": ({ holder, since, proof }) =>
    proof === "gone"
      ? `took over the lock of a dead run (${holder}, since ${sinceOrUnknown(since)}): its process is gone`
      : `took over the lock of a dead run (${holder}, since ${sinceOrUnknown(since)}): no heartbeat for as long as its lock lasts`,
  "holder-watched": ({ holder, atMost }) =>
    `watching whether ${holder} is alive, for ${formatGoDuration(atMost)} at the most`,
  "helm-awaited": ({ pid }) => `waiting for a running helm (process ${pid}) to finish`,
  "distant-helm-awaited": ({ host = "another machine", revision, atMost }) =>
    `a helm on ${host} may still be at work on revision ${revision}, and cannot be seen from here: waiting up to ${formatGoDuration(atMost)} for its timeouts to pass`,
  "run-died": ({ run }) => obituary(run),
  "dead-run-event-not-written": ({ cause }) =>
    `could not record the run that died in the deployment history: ${cause}`,
  "pull-secret-not-used": ({ secret, workloads }) =>
    `${workloads.join(", ")} ${workloads.length === 1 ? "does" : "do"} not refer to pull secret ${secret}, and may not come up on a node that lacks the images; set imagePullSecrets in spec.provider.kubernetes.envoyDeployment.pod of the EnvoyProxy, and in provider.kubernetes.rateLimitDeployment.pod of Envoy Gateway's configuration for the rate limiter`,
  "not-waited-for": ({ namespace }) =>
    `nobody has looked whether the release and the data plane in ${namespace} come up (--wait=false)`,
  "serve-url-not-registered": ({ serveUrl, cause }) =>
    `serve URL ${serveUrl} is not registered with the management plane (${cause}); the same command registers it later`,
  "secret-not-restored": ({ secret, cause }) =>
    `Secret ${secret} could not be put back as it was: ${cause}`,
  "events-wait": ({ count, namespace, cause }) =>
    `${count === 1 ? "an event waits" : `${count} events wait`} in ${namespace}, which stays for that: ${cause ?? "written by a newer tare"}`,
  "events-rejected": ({ count }) =>
    `the management plane rejected ${count === 1 ? "an event" : `${count} events`}, and will take ${count === 1 ? "it" : "them"} no more`,
  "records-left": ({ cause }) => `the lock and the journal of this run are left: ${cause}`,
  interrupted: () =>
    "interrupted: bringing the release to a safe state before exiting; do not kill tare",
  "still-running": ({ step, pids }) => {
    const processes = pids.map((pid) => `, process ${pid}`).join("");
    return `still running: ${STEPS[step].now}${processes}. ${STEPS[step].risk}`;
  },
  "still-ending": () => "finishing: writing the run's records",
};
