import { Layer } from "effect";
import type { ClusterChoice } from "./cli/tare.ts";
import { layerConfirmationTerminal } from "./render/ConfirmationTerminal.ts";
import { layerChartFiles } from "./services/ChartFiles.ts";
import { layerCrdBackupsOnDisk } from "./services/CrdBackupsOnDisk.ts";
import { EventOutbox } from "./services/EventOutbox.ts";
import { layerFailureReportsOnDisk } from "./services/FailureReportsOnDisk.ts";
import { layerHelmBinary } from "./services/HelmBinary.ts";
import { layerJournalFilesOnDisk } from "./services/JournalFilesOnDisk.ts";
import { layerKubectlApi } from "./services/KubectlApi.ts";
import { layerOperatorSignalsProcess } from "./services/OperatorSignalsProcess.ts";
import { layerProcessTableLocal } from "./services/ProcessTableLocal.ts";
import { layerProxyHoldAdmission } from "./services/ProxyHoldAdmission.ts";
import { layerProxyStatsByPodProxy } from "./services/ProxyStatsByPodProxy.ts";
import { layerReleaseLockLease } from "./services/ReleaseLockLease.ts";
import { layerReleaseRecords } from "./services/ReleaseRecordsInCluster.ts";
import type { Reporter } from "./services/Reporter.ts";
import { layerRolloutGateWatching } from "./services/RolloutGateWatching.ts";
import { RunJournal } from "./services/RunJournal.ts";
import { layerToolCacheLocal, type ToolChoice } from "./services/ToolCacheLocal.ts";
import { layerToolShelfLocal } from "./services/ToolShelfLocal.ts";

/** What `tare tools` works on: no cluster, only the folder and the network. */
export const liveTools = (choice: ToolChoice, reporter: Layer.Layer<Reporter>) =>
  Layer.provideMerge(layerToolShelfLocal(choice), reporter);

/** Everything real: the API server, the Helm binary, this machine's files. */
export const liveServices = (choice: ClusterChoice, reporter: Layer.Layer<Reporter>) => {
  const tools = layerToolCacheLocal(choice).pipe(Layer.provide(reporter));
  const kubectl = layerKubectlApi(choice);
  const helm = layerHelmBinary(choice).pipe(Layer.provide([tools, kubectl]));
  const inCluster = Layer.mergeAll(
    EventOutbox.layer,
    Layer.mergeAll(layerProxyHoldAdmission, layerRolloutGateWatching).pipe(
      Layer.provideMerge(layerProxyStatsByPodProxy),
    ),
    layerReleaseRecords,
    layerReleaseLockLease,
    RunJournal.layer,
  ).pipe(Layer.provide([kubectl, layerProcessTableLocal, layerJournalFilesOnDisk]));
  return Layer.mergeAll(
    tools,
    kubectl,
    helm,
    inCluster,
    layerProcessTableLocal,
    layerConfirmationTerminal,
    layerOperatorSignalsProcess,
    layerChartFiles.pipe(Layer.provide(helm)),
    layerCrdBackupsOnDisk,
    layerFailureReportsOnDisk,
    reporter,
  );
};
