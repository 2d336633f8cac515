/**
 * For programs that embed tare: run the whole upgrade, run or re-order its phases, or replace a service. Every phase
 * names what it needs in its type. What may change between versions: docs/embedding.md.
 */

export { layerPromptsTerminal } from "./cli/PromptsTerminal.ts";
export type { TareServices } from "./cli/tare.ts";
export type { DoctorReport } from "./domain/events/doctor-report.ts";
export type { TimelineRow } from "./domain/events/timeline.ts";
export {
  type DecodedIdentity,
  decodeIdentity,
  type Identity,
  type IdentityProblem,
} from "./domain/identity/identity.ts";
export type { ImageRequest, SyncRequest } from "./domain/images/request.ts";
export { DEFAULT_INSTALL_OPTIONS, type InstallOptions } from "./domain/install/options.ts";
export type { ClusterChoice, ToolsChoice } from "./domain/kube/cluster-choice.ts";
export type { UpgradePlan } from "./domain/plan/upgrade-plan.ts";
export type { ReleaseRef } from "./domain/release/release.ts";
export type { ReportEvent } from "./domain/report/report.ts";
export type { Warning, WarningCode } from "./domain/report/warning.ts";
export {
  type ChartReference,
  DEFAULT_UPGRADE_OPTIONS,
  type UpgradeOptions,
} from "./domain/run/upgrade-options.ts";
export { DEFAULT_UNINSTALL_OPTIONS, type UninstallOptions } from "./domain/uninstall/options.ts";
export * from "./errors.ts";
export { liveServices } from "./live.ts";
export { DEFAULT_DOCTOR_OPTIONS, type DoctorOptions, doctor } from "./operations/doctor.ts";
export { history } from "./operations/history.ts";
export { listImages, planImageSync, syncImages, verifyImages } from "./operations/images.ts";
export {
  INSTALL_PHASES,
  type InstallOutcome,
  type InstallServices,
  install,
} from "./operations/install.ts";
export { PLAN_PHASES, type PlanServices, plan } from "./operations/plan.ts";
export {
  INSTALL_PLAN_PHASES,
  type PlanInstallServices,
  planInstall,
} from "./operations/plan-install.ts";
export { asOwner, type Owned, type OwnerInput } from "./operations/run/as-owner.ts";
export { checkRelease, prefetchChecks } from "./operations/run/check-release.ts";
export { type ClusterReads, prefetch, prefetchCluster } from "./operations/run/prefetch.ts";
export type { AttemptError, AttemptResult } from "./operations/run/record-event.ts";
export { recoverIfStuck } from "./operations/run/recover.ts";
export { beginRun, type UpgradeRun } from "./operations/run/run.ts";
export { type OwnedRelease, takeOwnership } from "./operations/run/take-ownership.ts";
export type { FoundRelease } from "./operations/run/wait-for-others.ts";
export {
  UNINSTALL_PHASES,
  type UninstallOutcome,
  type UninstallServices,
  uninstall,
} from "./operations/uninstall.ts";
export {
  UPGRADE_PHASES,
  type UpgradeOutcome,
  type UpgradeServices,
  upgrade,
} from "./operations/upgrade.ts";
export { haPreflight, readHa } from "./phases/checks/ha-preflight.ts";
export { preflight, readPreflight } from "./phases/checks/preflight.ts";
export { checkObjects } from "./phases/checks/rehearsal/object-checks.ts";
export {
  type ObjectChecksInput,
  rehearseObjects,
} from "./phases/checks/rehearsal/rehearse-objects.ts";
export { rehearsal } from "./phases/checks/rehearsal.ts";
export { requireRendered } from "./phases/checks/release/require-rendered.ts";
export { RELEASE_CHECKS, releaseChecks } from "./phases/checks/release-checks.ts";
export {
  type ReleaseCheckFacts,
  readReleaseChecks,
  readStandingFacts,
  type StandingFacts,
} from "./phases/checks/release-facts.ts";
export { applyCrds, readCrds } from "./phases/crds/apply-crds.ts";
export { type CrdChanges, type EndOfRun, withCrdChanges } from "./phases/crds/changes.ts";
export { helmUpgrade, type UpgradeResult } from "./phases/helm/helm-upgrade.ts";
export { type ImagesSynced, imageSync } from "./phases/images/sync.ts";
export { type Configured, configure } from "./phases/install/configure.ts";
export { helmInstall } from "./phases/install/helm-install.ts";
export type { PlanInstallInput } from "./phases/install/plan-install.ts";
export { prepare } from "./phases/install/prepare.ts";
export { planUpgrade } from "./phases/plan/plan-upgrade.ts";
export { discover } from "./phases/release/discover.ts";
export type { InstalledRelease } from "./phases/release/installed-release.ts";
export { readRelease } from "./phases/release/read-release.ts";
export { readBaseline } from "./phases/rollout/prior-state.ts";
export { type FollowedStreams, followStreams } from "./phases/streams/follow.ts";
export type { NamespacesInput } from "./phases/uninstall/delete-namespaces.ts";
export type { FinalizersInput } from "./phases/uninstall/finalizers.ts";
export type { HelmUninstallInput } from "./phases/uninstall/helm-uninstall.ts";
export type { UninstallPreflightInput } from "./phases/uninstall/preflight.ts";
export {
  makePipeline,
  onDemand,
  type Phase,
  type PhaseMiddleware,
  PhaseMiddlewares,
  prefetched,
  uncounted,
} from "./pipeline.ts";
export { showHints } from "./render/hints/hints.ts";
export { type JsonOutput, makeJsonOutput } from "./render/json/ReporterJson.ts";
export { layerReporterStderr, layerReporterText } from "./render/text/ReporterText.ts";
export { COLOURED, type Paint, PLAIN } from "./render/text/text.ts";
export { warningText } from "./render/warnings/warning.ts";
export { type RunUpgradeOptions, runUpgrade } from "./run-upgrade.ts";
export { layerChartFiles } from "./services/chart/ChartFiles.ts";
export { type Chart, ChartError, ChartSource } from "./services/chart/ChartSource.ts";
export { BackupError, CrdBackups } from "./services/crds/CrdBackups.ts";
export { layerCrdBackupsOnDisk } from "./services/crds/CrdBackupsOnDisk.ts";
export { EventOutbox, OutboxError } from "./services/events/EventOutbox.ts";
export { ManagementPlane } from "./services/events/ManagementPlane.ts";
export { layerManagementPlaneHttp } from "./services/events/ManagementPlaneHttp.ts";
export { CurrentHelmDriver } from "./services/helm/CurrentHelmDriver.ts";
export { Helm, HelmError, type HelmExit, type HelmRun } from "./services/helm/Helm.ts";
export { layerHelmBinary } from "./services/helm/HelmBinary.ts";
export {
  type Hold,
  type HoldNews,
  type HoldRequest,
  ProxyHold,
} from "./services/hold/ProxyHold.ts";
export { layerProxyHoldAdmission } from "./services/hold/ProxyHoldAdmission.ts";
export {
  type CopierError,
  ImageCopier,
  ImageRequestFailed,
} from "./services/images/ImageCopier.ts";
export { layerImageCopierCrane } from "./services/images/ImageCopierCrane.ts";
export { Kubectl, KubectlError } from "./services/kube/Kubectl.ts";
export { layerKubectlApi } from "./services/kube/KubectlApi.ts";
export { type HeldLock, LockHeld, LockLost, ReleaseLock } from "./services/lock/ReleaseLock.ts";
export { layerReleaseLockLease } from "./services/lock/ReleaseLockLease.ts";
export { ProcessTable } from "./services/processes/ProcessTable.ts";
export { layerProcessTableLocal } from "./services/processes/ProcessTableLocal.ts";
export { ReleaseRecords } from "./services/release/ReleaseRecords.ts";
export { layerReleaseRecords } from "./services/release/ReleaseRecordsInCluster.ts";
export { OperatorShell } from "./services/report/OperatorShell.ts";
export { Reporter } from "./services/report/Reporter.ts";
export { FailureReportError, FailureReports } from "./services/rollout/FailureReports.ts";
export { layerFailureReportsOnDisk } from "./services/rollout/FailureReportsOnDisk.ts";
export {
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type GateRequest,
  type Rollout,
  RolloutGate,
} from "./services/rollout/RolloutGate.ts";
export { layerRolloutGateWatching } from "./services/rollout/RolloutGateWatching.ts";
export { JournalFiles } from "./services/run/JournalFiles.ts";
export { layerJournalFilesOnDisk } from "./services/run/JournalFilesOnDisk.ts";
export { OperatorSignals } from "./services/run/OperatorSignals.ts";
export { layerOperatorSignalsProcess } from "./services/run/OperatorSignalsProcess.ts";
export { Prompts } from "./services/run/Prompts.ts";
export { type OpenJournal, RunJournal } from "./services/run/RunJournal.ts";
export { ProxyStats, ProxyStatsError } from "./services/streams/ProxyStats.ts";
export { layerProxyStatsByPodProxy } from "./services/streams/ProxyStatsByPodProxy.ts";
export { type Tool, ToolCache, ToolMissing } from "./services/tools/ToolCache.ts";
export { layerToolCacheLocal } from "./services/tools/ToolCacheLocal.ts";
export { ToolShelf } from "./services/tools/ToolShelf.ts";
export { layerToolShelfLocal } from "./services/tools/ToolShelfLocal.ts";
