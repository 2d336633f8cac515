import { Duration } from "effect";
import type { HaVerdict } from "../../domain/checks/ha-verdict.ts";
import type { CrdBackup } from "../../domain/crds/backup.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import type { Warning } from "../../domain/report/warning.ts";
import type { RunningDrain } from "../../domain/streams/running-drain.ts";
import { cutInAll, type StreamTally } from "../../domain/streams/tally.ts";
import { describeHaUnknown } from "../../words/checks/ha.ts";
import { shortReason } from "../../words/rollout/trouble.ts";
import { describeWaiting } from "../../words/rollout/waiting-for.ts";
import { warningText } from "../warnings/warning.ts";
import { type Body, member } from "./bodies/body.ts";
import { doctorBody, rowBody } from "./bodies/history.ts";
import { imageBody } from "./bodies/images.ts";
import { planBody, takenBody } from "./bodies/plan.ts";
import { refBody, remainsBody, uninstallBody } from "./bodies/uninstall.ts";

const HA_WORDS = {
  HighlyAvailable: "highly-available",
  SingleReplica: "single-replica",
  Unknown: "unknown",
} as const;

const haBody = (verdict: HaVerdict, allowDowntime: boolean): Body => ({
  type: "ha-checked",
  verdict: HA_WORDS[verdict._tag],
  allowDowntime,
  ...(verdict._tag === "Unknown"
    ? { why: describeHaUnknown(verdict.why) }
    : { minReplicas: verdict.minReplicas, envoyProxy: verdict.envoyProxy }),
});

const drainBody = (asked: Duration.Duration, running: ReadonlyArray<RunningDrain>): Body => ({
  type: "drain-checked",
  askedSeconds: Duration.toSeconds(asked),
  running: running.map(({ deployment, replicas, drain, grace }) => ({
    workload: deployment,
    replicas,
    ...member("drainSeconds", drain === undefined ? undefined : Duration.toSeconds(drain)),
    graceSeconds: Duration.toSeconds(grace),
  })),
});

export const tallyBody = (tally: StreamTally) => ({
  openAtStart: tally.openAtStart,
  cut: cutInAll(tally),
  cutOf: tally.cut,
  stillOpen: tally.stillOpen,
  uncountedProxies: tally.uncounted,
});

const backedUpFiles = ({ restorable, migrateFirst }: CrdBackup) => [
  ...(restorable === undefined ? [] : [{ file: restorable.file, crds: restorable.crds }]),
  ...(migrateFirst === undefined
    ? []
    : [{ file: migrateFirst.file, crds: migrateFirst.migrations.map(({ crd }) => crd) }]),
];

export const warningBody = (warning: Warning) => ({
  code: warning.code,
  message: warningText(warning),
});

/** The record of an event; nothing for what only the summary has, or only a screen can show. */
export const renderJson = (event: ReportEvent): Body | undefined => {
  switch (event._tag) {
    case "PhaseStarted":
      return { type: "phase-started", phase: event.phase };
    case "PhaseFinished":
      return {
        type: "phase-finished",
        phase: event.phase,
        succeeded: event.succeeded,
        durationMillis: event.millis,
      };
    case "PreflightSkipped":
      return { type: "preflight-skipped" };
    case "ReleaseFound": {
      const { release, revision, server, context, fromVersion, toVersion } = event;
      const versions = { fromVersion, toVersion };
      return {
        type: "release-found",
        release,
        revision,
        server,
        ...member("context", context),
        ...versions,
      };
    }
    case "CarriedForward":
      return { type: "carry-over", paths: event.paths };
    case "ValuesLost":
      return {
        type: "values-lost",
        values: event.lost.map(({ path, shown, keepWith }) => ({
          path,
          value: shown.value,
          ...member("keepWith", keepWith),
        })),
      };
    case "HaChecked":
      return haBody(event.verdict, event.allowDowntime);
    case "DrainChecked":
      return drainBody(event.asked, event.running);
    case "ChartChosen":
      return {
        type: "chart-chosen",
        origin: event.origin,
        embedded: event.embedded,
        version: event.version,
      };
    case "FieldsTaken":
      return { type: "fields-taken", objects: takenBody(event.taken) };
    case "CrdsBackedUp":
      return { type: "crds-backed-up", files: backedUpFiles(event.backup) };
    case "CrdsApplied":
      return { type: "crds-applied", ...event.counts };
    case "InstallationPrepared": {
      const { context, changes, ...known } = event.summary;
      return {
        type: "installation-prepared",
        ...known,
        ...member("context", context),
        ...member("changesRevision", changes),
      };
    }
    case "NothingToDo": {
      const { release, revision, version } = event;
      return { type: "nothing-to-do", release, revision, version };
    }
    case "NamespacePrepared":
      return { type: "namespace-prepared", namespace: event.namespace, isNew: event.isNew };
    case "SecretWritten":
      return { type: "secret-written", namespace: event.namespace, name: event.name };
    case "ServeUrlRegistered":
      return { type: "serve-url-registered", serveUrl: event.serveUrl };
    case "ReadyForHelm":
      return { type: "ready-for-helm", ...member("valuesFile", event.valuesFile) };
    case "RemovalStarted":
      return { type: "removal-started", release: event.release, why: event.why };
    case "UninstallPlanned":
      return {
        type: "uninstall-planned",
        dryRun: event.dryRun,
        server: event.server,
        ...member("context", event.context),
        ...uninstallBody(event.plan),
      };
    case "ObjectsDeleted":
      return { type: "objects-deleted", what: event.what, objects: event.objects.map(refBody) };
    case "ReleaseGone":
      return { type: "release-gone", release: event.release };
    case "HelmUninstallStarted":
      return { type: "helm-uninstall-started", release: event.release, timeout: event.timeout };
    case "EventsSent":
      return { type: "events-sent", count: event.count };
    case "FinalizersFound":
      return {
        type: "finalizers-found",
        held: event.held.map(({ object, finalizers }) => ({ object: refBody(object), finalizers })),
      };
    case "Uninstalled":
      return {
        type: "uninstalled",
        release: event.release,
        unchanged: event.isUnchanged,
        remains: remainsBody(event.remains),
      };
    case "HelmUpgradeStarted": {
      const { release, chartVersion, timeout, atomic, waits } = event;
      return { type: "helm-started", release, chartVersion, timeout, atomic, waits };
    }
    case "ProxiesHeld":
      return {
        type: "proxies-held",
        deployments: event.drains.map(({ deployment, drainMillis }) => ({
          name: deployment,
          drainSeconds: drainMillis / 1000,
        })),
        pods: event.pods,
        askedSeconds: event.askedMillis / 1000,
      };
    case "DrainLengthened":
      return {
        type: "drain-lengthened",
        envoyProxies: event.envoyProxies,
        drainSeconds: event.drainMillis / 1000,
      };
    case "ProxyMoved":
      return { type: "proxy-moved", pod: event.pod, to: event.to };
    case "ProxyLetGo":
      return {
        type: "proxy-let-go",
        pod: event.pod,
        why: event.why,
        ...member("openStreams", event.openStreams),
      };
    case "DataPlaneProgress":
      return {
        type: "rollout-progress",
        workloads: event.deployments.map(
          ({ name, group, ready, desired, updated, draining, waitingFor, lastEvent }) => ({
            name,
            group,
            ready,
            desired,
            updated,
            draining,
            ...member("lastEvent", lastEvent && shortReason(lastEvent)),
            ...member("waitingFor", waitingFor && describeWaiting(waitingFor)),
          }),
        ),
      };
    case "RolloutStarted":
    case "RolloutEnded":
      return undefined;
    case "StreamsProgress":
      return { type: "streams-progress", draining: event.draining };
    case "StreamsCounted":
      return event.outcome._tag === "Counted"
        ? { type: "streams", counted: tallyBody(event.outcome.tally) }
        : { type: "streams", notCounted: event.outcome.why };
    case "FailureReportSaved":
      return { type: "failure-report", file: event.file };
    case "RecoveryStarted": {
      const { release, revision, status, to } = event;
      return { type: "recovery-started", release, revision, status, to };
    }
    case "ReleaseRecovered": {
      const { release, restored, deployed } = event;
      return { type: "release-recovered", release, restored, deployed };
    }
    case "RecoveryFinished":
      return {
        type: "recovery-finished",
        succeeded: event.succeeded,
        durationMillis: event.millis,
      };
    case "RollbackStarted":
      return { type: "rollback-started", revision: event.revision, why: event.why };
    case "ToolDownloadStarted": {
      const { tool, version, source } = event;
      return { type: "tool", tool, version, state: "downloading", source };
    }
    case "ToolDownloadEnded": {
      const { tool, version, bytes, complete } = event;
      const state = complete ? "downloaded" : "failed";
      return {
        type: "tool",
        tool,
        version,
        state,
        ...member("bytes", complete ? bytes : undefined),
      };
    }
    case "ToolAwaited": {
      const { tool, version, owner } = event;
      return { type: "tool", tool, version, state: "awaited", owner };
    }
    case "ToolInstalled": {
      const { tool, version, path, pinned } = event;
      return { type: "tool", tool, version, state: "installed", path, pinned };
    }
    case "ImagesListed":
    case "ImagesLookedAt":
    case "ImageCopyStarted":
    case "ImageCopyGoesOn":
    case "ImageCopied":
    case "ImageNotCopied":
    case "ImagesSynced":
      return imageBody(event);
    case "DoctorTicked":
      return doctorBody(event.release, event.report);
    case "HistoryRead":
      return { type: "history", release: event.release, rows: event.rows.map(rowBody) };
    case "ChartNotes":
      return { type: "chart-notes", revision: event.revision, notes: event.notes };
    case "Warning":
      return { type: "warning", ...warningBody(event.warning) };
    case "Planned":
      return planBody(event.plan);
    case "CrdWritten":
    case "ToolDownloadProgress":
    case "Interrupted":
    case "Completed":
    case "Failed":
      return undefined;
  }
};
