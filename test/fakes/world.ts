/** Everything an upgrade needs, in memory: `Effect.provide(world({ … }))`. */
import { Effect, Layer } from "effect";
import type { Access } from "../../src/domain/access/access.ts";
import { withinBudget } from "../../src/domain/crds/patterns.ts";
import { helmDriverNamed } from "../../src/domain/helm/driver.ts";
import type { JsonObject } from "../../src/domain/kube/json.ts";
import { ApiService, type KubeObject, type ResourceType } from "../../src/domain/kube/objects.ts";
import type { ProcessIdentity } from "../../src/domain/processes/process-identity.ts";
import type { ReleaseRef } from "../../src/domain/release/release.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { CrdExpressions } from "../../src/services/crds/CrdExpressions.ts";
import { EventOutbox } from "../../src/services/events/EventOutbox.ts";
import { CurrentHelmDriver } from "../../src/services/helm/CurrentHelmDriver.ts";
import { layerProxyHoldAdmission } from "../../src/services/hold/ProxyHoldAdmission.ts";
import { layerReleaseLockLease } from "../../src/services/lock/ReleaseLockLease.ts";
import { layerReleaseRecords } from "../../src/services/release/ReleaseRecordsInCluster.ts";
import { layerRolloutGateWatching } from "../../src/services/rollout/RolloutGateWatching.ts";
import { RunJournal } from "../../src/services/run/RunJournal.ts";
import { layerProxyStatsByPodProxy } from "../../src/services/streams/ProxyStatsByPodProxy.ts";
import type { ToolName } from "../../src/services/tools/ToolCache.ts";
import { FakeCluster } from "./cluster/FakeCluster.ts";
import type { Fault } from "./cluster/faults.ts";
import { type FakeServer, layerKubectl } from "./cluster/kubectl.ts";
import { crdController } from "./controllers/crds.ts";
import { FakeDeployments } from "./controllers/deployments.ts";
import { FakeEnvoyGateway } from "./controllers/envoy-gateway.ts";
import { hookJobs } from "./controllers/hook-jobs.ts";
import { namespaceController } from "./controllers/namespaces.ts";
import { quotaController } from "./controllers/quotas.ts";
import { timerJobs } from "./controllers/timer-jobs.ts";
import { FakeBackups } from "./FakeBackups.ts";
import { EMBEDDED_CHART, FakeCharts, layerFakeChartSource, storedPlace } from "./FakeCharts.ts";
import { FakeJournalFiles } from "./FakeJournalFiles.ts";
import { FakeManagementPlane } from "./FakeManagementPlane.ts";
import { FakeProcesses, layerProcessTableOf, THIS_PROCESS } from "./FakeProcesses.ts";
import { FakePrompts } from "./FakePrompts.ts";
import { FakeRegistries } from "./FakeRegistries.ts";
import { FakeReports } from "./FakeReports.ts";
import { FakeSignals } from "./FakeSignals.ts";
import {
  type SeededRevision,
  seedCrds,
  seedInstallation,
  settleCluster,
} from "./fixtures/installation.ts";
import { INSTALLED_CRDS, tarsChart } from "./fixtures/tars-chart.ts";
import type { FakeChart } from "./helm/chart.ts";
import { layerFakeHelm } from "./helm/FakeHelm.ts";
import type { ApplyMethod } from "./helm/records.ts";
import { FakeStreams } from "./pods/FakeStreams.ts";
import { Recorder } from "./Recorder.ts";
import { layerFakeTools } from "./tools.ts";

export interface Scenario {
  /** As Helm prints it. */
  readonly helm?: string;
  readonly kubernetes?: string;
  readonly release?: ReleaseRef;
  /** Revisions from 1; none for a cluster without the release. */
  readonly revisions?: ReadonlyArray<SeededRevision>;
  /** The revision whose objects are on the cluster; the newest deployed one when left out. */
  readonly running?: number;
  /** What the installed release was made from, and the operator's values for it. */
  readonly installed?: FakeChart;
  readonly values?: JsonObject;
  /** Who works out how objects change: Helm 3 always the client, which is what is meant when left out. */
  readonly applyMethod?: ApplyMethod;
  /** What `HELM_DRIVER` says; nothing when left out. */
  readonly helmDriver?: string;
  /** The embedded chart, to which an upgrade goes. */
  readonly chart?: FakeChart;
  /** Other charts by path or URL. */
  readonly charts?: Readonly<Record<string, FakeChart>>;
  readonly crds?: ReadonlyArray<KubeObject>;
  readonly metrics?: "available" | "absent" | "unavailable";
  readonly missingTools?: ReadonlyArray<ToolName>;
  readonly faults?: ReadonlyArray<Fault>;
  /** What else is on the cluster, and was before the release. */
  readonly beside?: ReadonlyArray<readonly [ResourceType, KubeObject]>;
  /** Mutating admission, of everything that was ever written. */
  readonly rewrite?: (type: ResourceType, next: KubeObject) => KubeObject;
  /** What the account of the run may do; everything when left out. */
  readonly may?: (access: Access) => boolean;
}

/** A cluster that never had the release. */
export const EMPTY: Scenario = { revisions: [], crds: [] };

export const HELM_3 = "v3.21.4";
export const HELM_4 = "v4.2.1";

export const INSTALLED_VALUES: JsonObject = {
  global: {
    imageRegistry: "gcr.io/acme/tars",
    customer: "acme",
    environment: "",
    deploymentMode: "enterprise",
    serveUrl: "https://llm.acme.example",
    imagePullSecretName: "acme-pull",
  },
  otelCollector: {
    enabled: true,
    exporters: {
      otlp: {
        endpoint: "otel.acme.example:4317",
        headers: { Authorization: "Bearer acme-otel-token-0123456789" },
      },
    },
  },
};

export const DEFAULT_REVISIONS: ReadonlyArray<SeededRevision> = [{ status: "deployed" }];

const installedChart = ({ installed }: Scenario): FakeChart =>
  installed ?? tarsChart({ version: "1.1.0" });

const metricsService = (available: boolean): KubeObject => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: "v1beta1.metrics.k8s.io" },
  spec: { group: "metrics.k8s.io", version: "v1beta1" },
  status: {
    conditions: [
      available
        ? { type: "Available", status: "True", reason: "Passed" }
        : { type: "Available", status: "False", reason: "MissingEndpoints" },
    ],
  },
});

const newestDeployed = (revisions: ReadonlyArray<SeededRevision>): number =>
  revisions.findLastIndex(({ status }) => status === "deployed") + 1;

const seeded = (scenario: Scenario) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const revisions = scenario.revisions ?? DEFAULT_REVISIONS;
      yield* crdController;
      yield* timerJobs;
      yield* hookJobs;
      yield* quotaController;
      yield* namespaceController;
      if (scenario.rewrite !== undefined) yield* cluster.rewrite(scenario.rewrite);
      yield* seedCrds(scenario.crds ?? INSTALLED_CRDS);
      for (const [type, object] of scenario.beside ?? []) {
        yield* cluster.seed(type, object, "kubectl");
      }
      yield* seedInstallation({
        release: scenario.release ?? DEFAULT_RELEASE,
        revisions,
        running: scenario.running ?? newestDeployed(revisions),
        chart: installedChart(scenario),
        values: scenario.values ?? INSTALLED_VALUES,
        applyMethod: scenario.applyMethod,
      });
      yield* settleCluster;
      const metrics = scenario.metrics ?? "available";
      if (metrics !== "absent") {
        yield* cluster.seed(ApiService, metricsService(metrics === "available"));
      }
      yield* Effect.forEach(scenario.faults ?? [], cluster.inject, { discard: true });
    }),
  );

/** What a process of tare keeps in the cluster, and how it watches it; `self` signs its locks. */
export const overKubectl = (self: ProcessIdentity) =>
  Layer.mergeAll(
    layerReleaseRecords,
    EventOutbox.layer,
    Layer.mergeAll(layerProxyHoldAdmission, layerRolloutGateWatching).pipe(
      Layer.provideMerge(layerProxyStatsByPodProxy),
    ),
    layerReleaseLockLease,
    RunJournal.layer,
  ).pipe(Layer.provideMerge(layerProcessTableOf(self)));

/** By default: an HA release 1.1.0 under a healthy data plane of two pods, and a tare that embeds chart 1.2.0. */
export const world = (scenario: Scenario = {}) => {
  const server: FakeServer = {
    context: "prod",
    version: scenario.kubernetes ?? "v1.35.2",
    ...(scenario.may === undefined ? {} : { may: scenario.may }),
  };
  const charts = FakeCharts.layer({
    [EMBEDDED_CHART]: scenario.chart ?? tarsChart({ version: "1.2.0" }),
    [storedPlace(installedChart(scenario))]: installedChart(scenario),
    ...scenario.charts,
  });
  const cluster = seeded(scenario).pipe(
    Layer.provideMerge(Layer.mergeAll(FakeDeployments.layer, FakeEnvoyGateway.layer)),
    Layer.provideMerge(FakeStreams.layer),
    Layer.provideMerge(FakeCluster.layer),
  );
  const outside = Layer.mergeAll(
    layerFakeTools(scenario.missingTools),
    FakeBackups.layer,
    FakeReports.layer,
    FakeRegistries.layer,
    FakeProcesses.layer,
    FakePrompts.layer,
    FakeJournalFiles.layer,
    FakeSignals.layer,
    FakeManagementPlane.layer,
    Recorder.layer,
    layerFakeChartSource.pipe(Layer.provideMerge(charts)),
  );
  const views = Layer.mergeAll(
    layerKubectl(server),
    layerFakeHelm({ version: scenario.helm ?? HELM_3, server }),
  );
  const driver = Effect.succeed(helmDriverNamed(scenario.helmDriver ?? ""));
  return overKubectl(THIS_PROCESS).pipe(
    Layer.provideMerge(views),
    Layer.provideMerge(Layer.mergeAll(cluster, outside)),
    Layer.provideMerge(Layer.succeed(CurrentHelmDriver, driver)),
    // A module that is loaded comes by the real clock, for which virtual time does not wait.
    Layer.provideMerge(Layer.succeed(CrdExpressions, Effect.sync(withinBudget))),
  );
};

export type World = Layer.Success<ReturnType<typeof world>>;
