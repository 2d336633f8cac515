export { FakeCluster } from "./cluster/FakeCluster.ts";
export * from "./cluster/faults.ts";
export { kubectlFor, layerKubectl } from "./cluster/kubectl.ts";
export { allObjects } from "./cluster/store.ts";
export { type Affliction, FakeDeployments } from "./controllers/deployments.ts";
export { CONTROLLER, FakeEnvoyGateway } from "./controllers/envoy-gateway.ts";
export { FakeBackups } from "./FakeBackups.ts";
export { EMBEDDED_CHART, FakeCharts, layerFakeChartSource, storedPlace } from "./FakeCharts.ts";
export { FakeJournalFiles } from "./FakeJournalFiles.ts";
export { FakeManagementPlane, type PlaneBehaviour } from "./FakeManagementPlane.ts";
export {
  FakeProcesses,
  MACHINE,
  processElsewhere,
  processOn,
  runAs,
  THIS_PROCESS,
} from "./FakeProcesses.ts";
export { FakePrompts } from "./FakePrompts.ts";
export { FakeRegistries } from "./FakeRegistries.ts";
export { FakeReports } from "./FakeReports.ts";
export { FakeSignals } from "./FakeSignals.ts";
export * from "./fixtures/crds.ts";
export * from "./fixtures/data-plane.ts";
export { ROLLED_BACK } from "./fixtures/event.ts";
export { IDENTITY, PRIVATE_KEY } from "./fixtures/identity.ts";
export * from "./fixtures/others.ts";
export { NOTED_RECORD, NOTED_RUN } from "./fixtures/run.ts";
export { EMBEDDED_CRDS, INSTALLED_CRDS, tarsChart } from "./fixtures/tars-chart.ts";
export type { FakeChart } from "./helm/chart.ts";
export { FakeHelm, layerFakeHelm } from "./helm/FakeHelm.ts";
export { withRevisionStatus } from "./helm/records.ts";
export * from "./observe.ts";
export * from "./pods/behaviour.ts";
export { type FakeStream, FakeStreams, type StreamsOfGateway } from "./pods/FakeStreams.ts";
export { Recorder } from "./Recorder.ts";
export { restoreRecords } from "./restore.ts";
export { type InstallRun, runInstall } from "./run-install.ts";
export { runUninstall, type UninstallRun } from "./run-uninstall.ts";
export { hintsOf, PLAIN_OPERATOR, runUpgrade, type UpgradeRun } from "./run-upgrade.ts";
export { type Simulated, simulate } from "./simulate.ts";
export { layerFakeTools } from "./tools.ts";
export * from "./world.ts";
