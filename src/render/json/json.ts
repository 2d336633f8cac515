import { Duration } from "effect";
import type { HaVerdict } from "../../domain/checks/ha-verdict.ts";
import type { CrdBackup } from "../../domain/crds/backup.ts";
import type { EventBrief } from "../../domain/events/doctor-report.ts";
import type { TimelineRow } from "../../domain/events/timeline.ts";
import type { FieldChange } from "../../domain/fields/object-diff.ts";
import type { TakenFields } from "../../domain/fields/taken-fields.ts";
import { planHasChanges, type UpgradePlan } from "../../domain/plan/upgrade-plan.ts";
import type { Actor } from "../../domain/processes/actor.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import type { Warning } from "../../domain/report/warning.ts";
import type { RunningDrain } from "../../domain/streams/running-drain.ts";
import { cutInAll, type StreamTally } from "../../domain/streams/tally.ts";
import { describeHaUnknown } from "../../words/checks/ha.ts";
import { describeCause } from "../../words/events/causes.ts";
import { describeEventReason, describeLeftAlone, describeStop } from "../../words/events/doctor.ts";
import {
  describeKept,
  describeLimit,
  describeRoll,
  describeRolled,
} from "../../words/plan/plan.ts";
import { shortReason } from "../../words/rollout/trouble.ts";
import { describeWaiting } from "../../words/rollout/waiting-for.ts";
import { warningText } from "../warnings/warning.ts";
import type { OutputRecord } from "./json-records.ts";
import { SCHEMA_VERSION } from "./records/record.ts";

/** A record without what all of them have. */
type Body = OutputRecord extends infer Record
  ? Record extends OutputRecord
    ? Omit<Record, "schemaVersion" | "time">
    : never
  : never;

export const outputRecord = (time: string, body: Body): OutputRecord =>
  ({ schemaVersion: SCHEMA_VERSION, time, ...body }) as OutputRecord;

/** The member, unless there is nothing to say: absent is absent in JSON, never `null`. */
export const member = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value };

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

const fieldBody = ({ path, before, after }: FieldChange) => ({
  path,
  ...member("before", before?.value),
  ...member("after", after?.value),
});

const takenBody = (taken: ReadonlyArray<TakenFields>) =>
  taken.map(({ kind, namespace, name, fields }) => ({
    kind,
    ...member("namespace", namespace),
    name,
    fields: fields.map(({ owner, returns, ...field }) => ({
      ...fieldBody(field),
      ...member("owner", owner),
      returns,
    })),
  }));

const planBody = (plan: UpgradePlan): Body => ({
  type: "plan",
  hasChanges: planHasChanges(plan),
  fromVersion: plan.fromVersion,
  toVersion: plan.toVersion,
  values: plan.values.map(({ path, fate, before, after, keepWith }) => ({
    path,
    fate,
    ...member("before", before?.value),
    ...member("after", after?.value),
    ...member("keepWith", keepWith),
  })),
  crds: plan.crds.map(({ name, verdict, keptBy }) => ({
    name,
    verdict,
    ...member("why", keptBy && describeKept(keptBy)),
  })),
  objects: plan.objects.map(({ action, kind, namespace, name, fields, why }) => ({
    action,
    kind,
    ...member("namespace", namespace),
    name,
    ...member("why", why),
    fields: fields.map(fieldBody),
  })),
  taken: takenBody(plan.taken),
  hooks: plan.hooks,
  images: plan.images.map(({ before, after, usedBy }) => ({
    ...member("before", before),
    ...member("after", after),
    usedBy,
  })),
  rolls: plan.rolls.map(({ workload, namespace, pods, why }) => ({
    workload: describeRolled({ workload }),
    ...member("namespace", namespace),
    ...member("pods", pods),
    why: describeRoll(why),
  })),
  identityChanges: plan.identityChanges,
  budget: plan.budget,
  limits: plan.limits.map(describeLimit),
});

const briefBody = ({ name, operation, revision, reason }: EventBrief) => ({
  name,
  ...member("operation", operation),
  ...member("revision", revision),
  ...member("reason", reason && describeEventReason(reason)),
});

const actorBody = ({ user, host, job_url: jobUrl }: Actor) => ({
  user,
  host,
  ...member("jobUrl", jobUrl),
});

const rowBody = (row: TimelineRow) => ({
  ...member("revision", row.revision),
  operation: row.operation,
  status: row.status,
  ...member("fromVersion", row.fromVersion),
  ...member("toVersion", row.toVersion),
  startedAt: row.startedAt,
  ...member("finishedAt", row.finishedAt),
  ...member("durationSeconds", row.seconds),
  ...member("cause", row.cause && describeCause(row.cause)),
  ...(row.actor === undefined ? {} : { actor: actorBody(row.actor) }),
  ...(row.streams === undefined
    ? {}
    : {
        streams: {
          openAtStart: row.streams.open_at_start,
          cut: row.streams.cut,
          ...member("cutOf", row.streams.cut_of),
        },
      }),
  reported: row.reported,
});

export const warningBody = (warning: Warning) => ({
  code: warning.code,
  message: warningText(warning),
});

/** What a program is told of an event; nothing for what only the summary has, or only a screen can show. */
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
    case "RemovalStarted":
      return { type: "removal-started", release: event.release, why: event.why };
    case "HelmUpgradeStarted": {
      const { release, chartVersion, timeout, atomic } = event;
      return { type: "helm-started", release, chartVersion, timeout, atomic };
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
    case "DoctorTicked": {
      const { dryRun, added, forwarded, rejected, kept, removed, ...why } = event.report;
      return {
        type: "doctor",
        release: event.release,
        dryRun,
        added: added.map(briefBody),
        forwarded: forwarded.map(briefBody),
        rejected: rejected.map(briefBody),
        kept: kept.map(briefBody),
        removed,
        ...member("stoppedBecause", why.stoppedBecause && describeStop(why.stoppedBecause)),
        ...member("leftAlone", why.leftAlone && describeLeftAlone(why.leftAlone)),
      };
    }
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
