import type { Duration } from "effect";
import type { HaVerdict } from "../checks/ha-verdict.ts";
import type { CrdBackup } from "../crds/backup.ts";
import type { CrdCounts } from "../crds/plan.ts";
import type { DoctorReport } from "../events/doctor-report.ts";
import type { TimelineRow } from "../events/timeline.ts";
import type { TakenFields } from "../fields/taken-fields.ts";
import type { ShownHint } from "../hints/hint.ts";
import type { Leave } from "../hold/let-go.ts";
import type { ImageEvent } from "../images/events.ts";
import type { InstallSummary } from "../install/summary.ts";
import type { ObjectRef } from "../kube/objects.ts";
import type { UpgradePlan } from "../plan/upgrade-plan.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { WorkloadProgress } from "../rollout/progress.ts";
import type { RunningDrain } from "../streams/running-drain.ts";
import type { OpenStreams, StreamOutcome } from "../streams/tally.ts";
import type { ToolEvent } from "../tools/events.ts";
import type { Held, Remains } from "../uninstall/outcome.ts";
import type { UninstallPlan } from "../uninstall/plan.ts";
import type { CarriedForward } from "../values/carry-over.ts";
import type { LostValue } from "../values/lost-values.ts";
import type { Warning } from "./warning.ts";

export interface PhaseInfo {
  readonly id: string;
  readonly title: string;
  /** From 1. */
  readonly index: number;
  readonly total: number;
}

/** How far an upgrade that failed came, and what was made of it. */
export interface FailedRevisions {
  readonly failed: number;
  /** Where a rollback went back to, and the number that this has now. */
  readonly restored?: number;
  readonly deployed?: number;
}

export type RolloutStage =
  | "longer drain"
  | "shorter drain"
  | "drain"
  | "helm upgrade"
  | "data plane"
  | "helm rollback"
  | "rollback";

/**
 * Everything a run has to tell, as data. How it looks is decided where it is rendered; phases only say what happened.
 */
export type ReportEvent =
  | { readonly _tag: "PhaseStarted"; readonly phase: PhaseInfo }
  | {
      readonly _tag: "PhaseFinished";
      readonly phase: PhaseInfo;
      readonly millis: number;
      readonly succeeded: boolean;
    }
  | { readonly _tag: "PreflightSkipped" }
  | {
      readonly _tag: "ReleaseFound";
      readonly release: ReleaseRef;
      readonly revision: number;
      readonly context: string | undefined;
      readonly server: string;
      readonly fromVersion: string;
      readonly toVersion: string;
    }
  | {
      readonly _tag: "CarriedForward";
      readonly carried: CarriedForward;
      /** Paths only: values can be secret. */
      readonly paths: ReadonlyArray<string>;
    }
  | { readonly _tag: "ValuesLost"; readonly lost: ReadonlyArray<LostValue> }
  | { readonly _tag: "HaChecked"; readonly verdict: HaVerdict; readonly allowDowntime: boolean }
  /** For how long streams may go on: in the proxies that this upgrade starts, and in those that run. */
  | {
      readonly _tag: "DrainChecked";
      readonly asked: Duration.Duration;
      readonly running: ReadonlyArray<RunningDrain>;
    }
  | {
      readonly _tag: "ChartChosen";
      readonly origin: string;
      readonly embedded: boolean;
      readonly version: string;
    }
  | { readonly _tag: "FieldsTaken"; readonly taken: ReadonlyArray<TakenFields> }
  | { readonly _tag: "CrdsBackedUp"; readonly backup: CrdBackup }
  /** One was written, in a phase that may yet be stopped. */
  | { readonly _tag: "CrdWritten"; readonly crd: string; readonly isNew: boolean }
  | { readonly _tag: "CrdsApplied"; readonly counts: CrdCounts }
  /** What is about to be installed, and where. */
  | { readonly _tag: "InstallationPrepared"; readonly summary: InstallSummary }
  /** The release is as it was asked to be. */
  | {
      readonly _tag: "NothingToDo";
      readonly release: ReleaseRef;
      readonly revision: number;
      readonly version: string;
      /** What this run has written all the same. */
      readonly after: "nothing" | "secrets";
    }
  /** A namespace that this run made, or gave a label. */
  | { readonly _tag: "NamespacePrepared"; readonly namespace: string; readonly isNew: boolean }
  | { readonly _tag: "SecretWritten"; readonly namespace: string; readonly name: string }
  /** For a team that runs Helm itself: what tare was to do is done. */
  | {
      readonly _tag: "ReadyForHelm";
      /** With the values; where there is one. */
      readonly valuesFile: string | undefined;
      readonly hints: ReadonlyArray<ShownHint>;
    }
  /** The management plane knows by now where clients reach the data plane. */
  | { readonly _tag: "ServeUrlRegistered"; readonly serveUrl: string }
  /** What there is of a release that never worked is taken away. */
  | { readonly _tag: "RemovalStarted"; readonly release: ReleaseRef; readonly why: string }
  /** What is about to be uninstalled, or would be. */
  | {
      readonly _tag: "UninstallPlanned";
      readonly plan: UninstallPlan;
      readonly context: string | undefined;
      readonly server: string;
      readonly dryRun: boolean;
    }
  /** They were asked to go, and CRDs have gone. */
  | {
      readonly _tag: "ObjectsDeleted";
      readonly what: "custom-resources" | "objects" | "namespaces" | "crds";
      readonly objects: ReadonlyArray<ObjectRef>;
    }
  /** Helm has no record of it. */
  | { readonly _tag: "ReleaseGone"; readonly release: ReleaseRef }
  | {
      readonly _tag: "HelmUninstallStarted";
      readonly release: ReleaseRef;
      /** As Helm gets it, e.g. `10m`. */
      readonly timeout: string;
    }
  /** The management plane has taken the events of the release. */
  | { readonly _tag: "EventsSent"; readonly count: number }
  /** They are about to be taken away. */
  | { readonly _tag: "FinalizersFound"; readonly held: ReadonlyArray<Held> }
  | {
      readonly _tag: "Uninstalled";
      readonly release: ReleaseRef;
      /** There was nothing to uninstall. */
      readonly isUnchanged: boolean;
      readonly remains: Remains;
      readonly hints: ReadonlyArray<ShownHint>;
    }
  | {
      readonly _tag: "HelmUpgradeStarted";
      readonly release: ReleaseRef;
      readonly chartVersion: string;
      /** As Helm gets it, e.g. `10m`. */
      readonly timeout: string;
      readonly atomic: boolean;
      /** Until everything is ready. */
      readonly waits: boolean;
    }
  /** The running proxies drain for less than was asked for, and are kept until their streams have ended. */
  | {
      readonly _tag: "ProxiesHeld";
      readonly drains: ReadonlyArray<{ readonly deployment: string; readonly drainMillis: number }>;
      readonly pods: number;
      readonly askedMillis: number;
    }
  /** The proxies are replaced by some that have the drain that was asked for. */
  | {
      readonly _tag: "DrainLengthened";
      readonly envoyProxies: ReadonlyArray<string>;
      readonly drainMillis: number;
    }
  | {
      readonly _tag: "ProxyMoved";
      readonly pod: string;
      readonly to: "out-of-rotation" | "rotation";
    }
  | {
      readonly _tag: "ProxyLetGo";
      readonly pod: string;
      readonly why: Leave;
      /** At the last look; `undefined` where nothing counts them. */
      readonly openStreams: number | undefined;
    }
  /** From now on something is waited for, for so long at the most; told once more for each stage. */
  | {
      readonly _tag: "RolloutStarted";
      readonly stage: RolloutStage;
      readonly budgetMillis: number;
    }
  /** What is waited for, whenever it changed; the data plane first. */
  | { readonly _tag: "DataPlaneProgress"; readonly deployments: ReadonlyArray<WorkloadProgress> }
  | { readonly _tag: "RolloutEnded" }
  /** The streams on proxies that are on their way out, whenever they changed. */
  | { readonly _tag: "StreamsProgress"; readonly draining: ReadonlyArray<OpenStreams> }
  /** What became of the streams in the end. */
  | { readonly _tag: "StreamsCounted"; readonly outcome: StreamOutcome }
  /** Everything that was seen of pods that failed. */
  | { readonly _tag: "FailureReportSaved"; readonly file: string }
  /** A release that Helm refuses to touch is brought back, before it is looked at; it has a time of its own. */
  | {
      readonly _tag: "RecoveryStarted";
      readonly release: ReleaseRef;
      /** The one that is stuck, or failed. */
      readonly revision: number;
      readonly status: string;
      /** Where it goes back to. */
      readonly to: number;
    }
  | {
      readonly _tag: "ReleaseRecovered";
      readonly release: ReleaseRef;
      readonly restored: number;
      readonly deployed: number;
    }
  | { readonly _tag: "RecoveryFinished"; readonly millis: number; readonly succeeded: boolean }
  | { readonly _tag: "RollbackStarted"; readonly revision: number; readonly why: string }
  | {
      readonly _tag: "DoctorTicked";
      readonly release: ReleaseRef;
      readonly report: DoctorReport;
      /** The command that has rejected events sent again, where there are any. */
      readonly sendAgain?: string;
    }
  | {
      readonly _tag: "HistoryRead";
      readonly release: ReleaseRef;
      readonly rows: ReadonlyArray<TimelineRow>;
    }
  | ToolEvent
  | ImageEvent
  /** The run was stopped by a signal; the release is as it was before it; the CRDs may have changed. */
  | {
      readonly _tag: "Interrupted";
      /** Something of the release may have gone, which does not come back. */
      readonly isHalfDone?: boolean;
      readonly hints: ReadonlyArray<ShownHint>;
    }
  | { readonly _tag: "Warning"; readonly warning: Warning }
  /** What the chart has to say of the new revision. */
  | { readonly _tag: "ChartNotes"; readonly revision: number; readonly notes: string }
  | { readonly _tag: "Planned"; readonly plan: UpgradePlan }
  | {
      readonly _tag: "Completed";
      readonly operation: "install" | "upgrade";
      readonly revision: number;
      readonly fromVersion: string;
      readonly toVersion: string;
      readonly hints: ReadonlyArray<ShownHint>;
    }
  | {
      readonly _tag: "Failed";
      readonly error: string;
      readonly exitCode: number;
      readonly revisions?: FailedRevisions;
      readonly what: string;
      readonly why: ReadonlyArray<string>;
      readonly hints: ReadonlyArray<ShownHint>;
    };
