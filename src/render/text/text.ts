import { Duration } from "effect";
import type { HaVerdict } from "../../domain/checks/ha-verdict.ts";
import type { CrdBackup } from "../../domain/crds/backup.ts";
import type { ShownHint } from "../../domain/hints/hint.ts";
import { quotedWords } from "../../domain/hints/operator-commands.ts";
import type { ReportEvent } from "../../domain/report/report.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { visible } from "../../domain/text/visible.ts";
import type { LostValue } from "../../domain/values/lost-values.ts";
import { describeHaUnknown } from "../../words/checks/ha.ts";
import { describeHeld } from "../../words/uninstall/words.ts";
import { carriedLine } from "../../words/values/carried.ts";
import { warningText } from "../warnings/warning.ts";
import { doctorLines } from "./doctor.ts";
import { imageLines } from "./images/images.ts";
import { summaryLines } from "./install/summary.ts";
import { planLines, takenLines } from "./plan-text.ts";
import { workloadLine } from "./rollout/rollout-lines.ts";
import { streamsLine } from "./streams.ts";
import { deletedLines, uninstalledLines, uninstallPlanLines } from "./uninstall/lines.ts";

/** How the few words that stand out are marked; plain text leaves them as they are. */
export interface Paint {
  readonly phase: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly failure: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { phase: same, warning: same, failure: same };

const ansi =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;
export const COLOURED: Paint = { phase: ansi(1, 22), warning: ansi(33, 39), failure: ansi(31, 39) };

const haLine = (
  verdict: HaVerdict,
  allowDowntime: boolean,
  paint: Paint,
): ReadonlyArray<string> => {
  if (verdict._tag === "Unknown") {
    return [
      `${paint.warning("warning:")} HA preflight skipped (${describeHaUnknown(verdict.why)}): verify that the data plane has at least two replicas`,
    ];
  }
  const which =
    verdict.outOf > 1 ? `, lowest of ${verdict.outOf} EnvoyProxies: ${verdict.envoyProxy}` : "";
  return verdict._tag === "HighlyAvailable"
    ? [`EnvoyProxy minReplicas=${verdict.minReplicas} (HA${which})`]
    : [
        `EnvoyProxy minReplicas=${verdict.minReplicas} (single replica${which})`,
        ...(allowDowntime
          ? [`${paint.warning("warning:")} --allow-downtime: in-flight LLM streams will be dropped`]
          : []),
      ];
};

/** A response that began before the drain did does not tell its client to leave: one more stream can follow. */
const drainLine = (asked: Duration.Duration): string => {
  const half = formatGoDuration(Duration.times(asked, 0.5));
  return (
    `drain ${formatGoDuration(asked)}: safe for streams up to ${formatGoDuration(asked)}; ` +
    `clients that reuse connections need twice their longest stream (safe up to ${half})`
  );
};

const lostLine = ({ path, shown, keepWith }: LostValue): string =>
  `  ${path} = ${shown.text} (keep it with ${quotedWords(keepWith)})`;

const savedCrds = (count: number, file: string): string =>
  `saved ${count} ${count === 1 ? "CRD as it was" : "CRDs as they were"} to ${file}`;

const backupLines = ({ restorable, migrateFirst }: CrdBackup): ReadonlyArray<string> => [
  ...(restorable === undefined ? [] : [savedCrds(restorable.crds.length, restorable.file)]),
  ...(migrateFirst === undefined
    ? []
    : [
        `${savedCrds(migrateFirst.migrations.length, migrateFirst.file)} (storage version changes: restoring needs a migration)`,
      ]),
];

type Told<Tag extends ReportEvent["_tag"]> = Extract<ReportEvent, { readonly _tag: Tag }>;

const durationOf = (millis: number): string => formatGoDuration(Duration.millis(millis));

/** `holding 2 proxies (egress drains for 1m): each serves its open streams for up to 5m once it is replaced` */
const heldLine = ({ drains, pods, askedMillis }: Told<"ProxiesHeld">): string => {
  const own = drains
    .map(({ deployment, drainMillis }) => `${deployment} drains for ${durationOf(drainMillis)}`)
    .join(", ");
  return `holding ${pods} ${pods === 1 ? "proxy" : "proxies"} (${own}): each serves its open streams for up to ${durationOf(askedMillis)} once it is replaced`;
};

const letGoLine = ({ pod, why, openStreams }: Told<"ProxyLetGo">, paint: Paint): string => {
  if (why === "streams-ended") return `proxy ${pod} let go, its streams have ended`;
  if (openStreams === undefined) return `proxy ${pod} let go, its time is over`;
  return `${paint.warning("warning:")} proxy ${pod} let go, its time is over: ${openStreams} open ${openStreams === 1 ? "stream" : "streams"} left to its own drain`;
};

const COMPLETED = { install: "Installation", upgrade: "Upgrade" } as const;

const hintLines = ({ title, commands }: ShownHint): ReadonlyArray<string> => [title, ...commands];

/** The lines of one event, as the product page shows them; no line at all for what only machines want to know. */
export const renderText = (event: ReportEvent, paint: Paint): ReadonlyArray<string> => {
  switch (event._tag) {
    case "PhaseStarted":
      return [paint.phase(`[${event.phase.index}/${event.phase.total}] ${event.phase.title}`)];
    case "PhaseFinished":
    case "RecoveryStarted":
    case "RecoveryFinished":
      return [];
    case "ReleaseRecovered":
      return [
        `recovered release ${event.release.name}: rolled back to revision ${event.restored} (recorded as revision ${event.deployed}) and verified`,
      ];
    case "PreflightSkipped":
      return ["skipped (--skip-preflight)"];
    case "ReleaseFound":
      return [
        `release ${event.release.name} found in ${event.release.namespace}`,
        `cluster ${event.server}${event.context === undefined ? "" : ` (context ${event.context})`}, ${event.fromVersion} → ${event.toVersion}`,
      ];
    case "CarriedForward":
      return [carriedLine(event.carried)];
    case "ValuesLost":
      return [
        `${paint.warning("warning:")} not carried forward, the chart's defaults will apply:`,
        ...event.lost.map(lostLine),
      ];
    case "HaChecked":
      return haLine(event.verdict, event.allowDowntime, paint);
    case "DrainChecked":
      return [drainLine(event.asked)];
    case "ChartChosen":
      return [event.embedded ? "Using embedded chart" : `Using chart ${event.origin}`];
    case "FieldsTaken":
      return [
        `${paint.warning("warning:")} set by others on the cluster; the upgrade changes it (--on-conflict=refuse stops instead):`,
        ...takenLines(event.taken),
      ];
    case "CrdsBackedUp":
      return backupLines(event.backup);
    case "CrdWritten":
      return [];
    case "CrdsApplied":
      return [
        `${event.counts.created} created, ${event.counts.updated} updated, ${event.counts.skipped} skipped`,
      ];
    case "InstallationPrepared":
      return summaryLines(event.summary);
    case "NothingToDo":
      return [
        `nothing ${event.after === "secrets" ? "else " : ""}to do: release ${event.release.name} runs ${event.version} with these values (revision ${event.revision})`,
      ];
    case "NamespacePrepared":
      return [
        event.isNew
          ? `namespace ${event.namespace} created`
          : `namespace ${event.namespace} labelled for Pod Security`,
      ];
    case "SecretWritten":
      return [`Secret ${event.namespace}/${event.name} written`];
    case "ServeUrlRegistered":
      return [`serve URL ${event.serveUrl} registered with the management plane`];
    case "ReadyForHelm":
      return [
        ...(event.valuesFile === undefined ? [] : [`values written to ${event.valuesFile}`]),
        "",
        ...event.hints.flatMap(hintLines),
      ];
    case "RemovalStarted":
      return [
        `${paint.warning("warning:")} ${event.why}`,
        `removing release ${event.release.name} from ${event.release.namespace}`,
      ];
    case "UninstallPlanned":
      return uninstallPlanLines(event);
    case "ObjectsDeleted":
      return deletedLines(event);
    case "ReleaseGone":
      return [`Helm has no record of release ${event.release.name} any more`];
    case "HelmUninstallStarted":
      return [`helm uninstall ${event.release.name}, timeout ${event.timeout}`];
    case "EventsSent":
      return [
        `${event.count} ${event.count === 1 ? "event" : "events"} sent to the management plane`,
      ];
    case "FinalizersFound":
      return event.held.map((held) => `taken away: ${describeHeld(held)}`);
    case "Uninstalled":
      return [...uninstalledLines(event), ...event.hints.flatMap((one) => ["", ...hintLines(one)])];
    case "HelmUpgradeStarted":
      return [
        `${["helm upgrade --install", event.atomic ? " --atomic" : "", event.waits ? " --wait" : ""].join("")}, timeout ${event.timeout}`,
      ];
    case "ProxiesHeld":
      return [heldLine(event)];
    case "DrainLengthened":
      return [
        `EnvoyProxy ${event.envoyProxies.join(", ")}: drain ${durationOf(event.drainMillis)}; the proxies are replaced before the upgrade begins`,
      ];
    case "ProxyMoved":
      return [
        event.to === "rotation"
          ? `proxy ${event.pod} is in rotation again`
          : `proxy ${event.pod} is out of rotation, its open streams go on`,
      ];
    case "ProxyLetGo":
      return [letGoLine(event, paint)];
    case "RolloutStarted":
    case "RolloutEnded":
      return [];
    case "DataPlaneProgress":
      return event.deployments.map(workloadLine);
    case "StreamsProgress":
      return [];
    case "StreamsCounted":
      return [streamsLine(event.outcome)];
    case "FailureReportSaved":
      return [`failure report: ${event.file}`];
    case "RollbackStarted":
      return [
        `${paint.warning("warning:")} ${event.why}`,
        `rolling back to revision ${event.revision}`,
      ];
    case "ToolDownloadStarted":
      return [`downloading ${event.tool} ${event.version} from ${event.source}`];
    case "ToolDownloadProgress":
    case "ToolDownloadEnded":
      return [];
    case "ToolAwaited":
      return [`waiting for ${event.owner}, which is downloading ${event.tool} ${event.version}`];
    case "ToolInstalled":
      return event.pinned
        ? []
        : [
            `${paint.warning("warning:")} ${event.tool} ${event.version} was verified against the project's own checksum file over TLS: this build has no pinned hash for this platform`,
          ];
    case "ImagesListed":
    case "ImagesLookedAt":
    case "ImageCopyStarted":
    case "ImageCopyGoesOn":
    case "ImageCopied":
    case "ImageNotCopied":
    case "ImagesSynced":
      return imageLines(event);
    case "DoctorTicked":
      return doctorLines(event);
    // The command prints the table, which was asked for, to stdout.
    case "HistoryRead":
      return [];
    case "Interrupted":
      return [
        event.isHalfDone === true
          ? "Interrupted. What has gone by now does not come back."
          : "Interrupted. The release is as it was before this run.",
        ...event.hints.flatMap((one) => ["", ...hintLines(one)]),
      ];
    case "Warning":
      return [`${paint.warning("warning:")} ${visible(warningText(event.warning))}`];
    case "ChartNotes":
      return [
        "notes of the chart:",
        ...event.notes.split("\n").map((line) => `  ${line}`.trimEnd()),
      ];
    case "Planned":
      return planLines(event.plan);
    case "Completed":
      return [`${COMPLETED[event.operation]} completed.`, "", ...event.hints.flatMap(hintLines)];
    case "Failed":
      return [
        paint.failure(event.what),
        ...event.why,
        ...event.hints.flatMap((hint) => ["", ...hintLines(hint)]),
      ];
  }
};
