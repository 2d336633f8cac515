/**
 * For programs that embed tare: run the whole upgrade, run or re-order its phases, or replace a service. Every phase
 * names what it needs in its type.
 */

export { decodeIdentity, type Identity } from "./domain/identity/identity.ts";
export type { UpgradePlan } from "./domain/plan/upgrade-plan.ts";
export type { ReportEvent } from "./domain/report/report.ts";
export type { Warning, WarningCode } from "./domain/report/warning.ts";
export { DEFAULT_UPGRADE_OPTIONS, type UpgradeOptions } from "./domain/run/upgrade-options.ts";
export * from "./errors.ts";
export { liveServices } from "./live.ts";
export { DEFAULT_DOCTOR_OPTIONS, type DoctorOptions, doctor } from "./operations/doctor.ts";
export { history } from "./operations/history.ts";
export { PLAN_PHASES, plan } from "./operations/plan.ts";
export { UPGRADE_PHASES, upgrade } from "./operations/upgrade.ts";
export { haPreflight, readHa } from "./phases/checks/ha-preflight.ts";
export { checkObjects } from "./phases/checks/object-checks.ts";
export { preflight, readPreflight } from "./phases/checks/preflight.ts";
export { rehearsal } from "./phases/checks/rehearsal.ts";
export { type ObjectChecksInput, rehearseObjects } from "./phases/checks/rehearse-objects.ts";
export { releaseChecks, requireRendered } from "./phases/checks/release-checks.ts";
export {
  type ReleaseCheckFacts,
  readReleaseChecks,
  readStandingFacts,
  type StandingFacts,
} from "./phases/checks/release-facts.ts";
export { applyCrds, readCrds } from "./phases/crds/apply-crds.ts";
export { helmUpgrade, type UpgradeResult } from "./phases/helm/helm-upgrade.ts";
export { planUpgrade } from "./phases/plan/plan-upgrade.ts";
export { discover } from "./phases/release/discover.ts";
export type { InstalledRelease } from "./phases/release/installed-release.ts";
export { readRelease } from "./phases/release/read-release.ts";
export { readPriorState } from "./phases/rollout/prior-state.ts";
export { type FollowedStreams, followStreams } from "./phases/streams/follow.ts";
export {
  ahead,
  later,
  makePipeline,
  type Phase,
  type PhaseMiddleware,
  PhaseMiddlewares,
} from "./pipeline.ts";
export { warningText } from "./render/warnings/warning.ts";
export { type Chart, ChartError, ChartSource } from "./services/chart/ChartSource.ts";
export { BackupError, CrdBackups } from "./services/crds/CrdBackups.ts";
export { EventOutbox, OutboxError } from "./services/events/EventOutbox.ts";
export { ManagementPlane } from "./services/events/ManagementPlane.ts";
export { Helm, HelmError, type HelmExit, type HelmRun } from "./services/helm/Helm.ts";
export {
  type Hold,
  type HoldNews,
  type HoldRequest,
  ProxyHold,
} from "./services/hold/ProxyHold.ts";
export { Kubectl, KubectlError } from "./services/kube/Kubectl.ts";
export { type HeldLock, LockHeld, LockLost, ReleaseLock } from "./services/lock/ReleaseLock.ts";
export { ProcessTable } from "./services/processes/ProcessTable.ts";
export { ReleaseRecords } from "./services/release/ReleaseRecords.ts";
export { Reporter } from "./services/report/Reporter.ts";
export { FailureReportError, FailureReports } from "./services/rollout/FailureReports.ts";
export {
  awaitSettled,
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type GateRequest,
  type Rollout,
  RolloutGate,
} from "./services/rollout/RolloutGate.ts";
export { ProxyStats, ProxyStatsError } from "./services/streams/ProxyStats.ts";
export { type Tool, ToolCache, ToolMissing } from "./services/tools/ToolCache.ts";
