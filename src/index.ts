/**
 * For programs that embed tare: run the whole upgrade, run or re-order its phases, or replace a service. Every phase
 * names what it needs in its type.
 */

export { DEFAULT_DOCTOR_OPTIONS, type DoctorOptions, doctor } from "./doctor.ts";
export { decodeIdentity, type Identity } from "./domain/identity.ts";
export type { ReportEvent } from "./domain/report.ts";
export { DEFAULT_UPGRADE_OPTIONS, type UpgradeOptions } from "./domain/upgrade-options.ts";
export type { UpgradePlan } from "./domain/upgrade-plan.ts";
export type { Warning, WarningCode } from "./domain/warning.ts";
export * from "./errors.ts";
export { history } from "./history.ts";
export { liveServices } from "./live.ts";
export { applyCrds, readCrds } from "./phases/apply-crds.ts";
export { discover } from "./phases/discover.ts";
export type { InstalledRelease } from "./phases/discovery/installed-release.ts";
export { readRelease } from "./phases/discovery/read-release.ts";
export { haPreflight, readHa } from "./phases/ha-preflight.ts";
export { helmUpgrade, type UpgradeResult } from "./phases/helm-upgrade.ts";
export { checkObjects } from "./phases/object-checks.ts";
export { planUpgrade } from "./phases/plan-upgrade.ts";
export { preflight, readPreflight } from "./phases/preflight.ts";
export { readPriorState } from "./phases/prior-state.ts";
export { rehearsal } from "./phases/rehearsal.ts";
export { type ObjectChecksInput, rehearseObjects } from "./phases/rehearse-objects.ts";
export { releaseChecks, requireRendered } from "./phases/release-checks.ts";
export {
  type ReleaseCheckFacts,
  readReleaseChecks,
  readStandingFacts,
  type StandingFacts,
} from "./phases/release-facts.ts";
export { type FollowedStreams, followStreams } from "./phases/streams/follow.ts";
export {
  ahead,
  later,
  makePipeline,
  type Phase,
  type PhaseMiddleware,
  PhaseMiddlewares,
} from "./pipeline.ts";
export { PLAN_PHASES, plan } from "./plan.ts";
export { warningText } from "./render/warning.ts";
export { type Chart, ChartError, ChartSource } from "./services/ChartSource.ts";
export { BackupError, CrdBackups } from "./services/CrdBackups.ts";
export { EventOutbox, OutboxError } from "./services/EventOutbox.ts";
export { FailureReportError, FailureReports } from "./services/FailureReports.ts";
export { Helm, HelmError, type HelmExit, type HelmRun } from "./services/Helm.ts";
export { Kubectl, KubectlError } from "./services/Kubectl.ts";
export { ManagementPlane } from "./services/ManagementPlane.ts";
export { ProcessTable } from "./services/ProcessTable.ts";
export {
  type Hold,
  type HoldNews,
  type HoldRequest,
  ProxyHold,
} from "./services/ProxyHold.ts";
export { ProxyStats, ProxyStatsError } from "./services/ProxyStats.ts";
export { type HeldLock, LockHeld, LockLost, ReleaseLock } from "./services/ReleaseLock.ts";
export { ReleaseRecords } from "./services/ReleaseRecords.ts";
export { Reporter } from "./services/Reporter.ts";
export {
  awaitSettled,
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type GateRequest,
  type Rollout,
  RolloutGate,
} from "./services/RolloutGate.ts";
export { type Tool, ToolCache, ToolMissing } from "./services/ToolCache.ts";
export { UPGRADE_PHASES, upgrade } from "./upgrade.ts";
