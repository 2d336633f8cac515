import { Layer } from "effect";
import { layerPromptsTerminal } from "./cli/PromptsTerminal.ts";
import type { ClusterChoice, ToolsChoice } from "./domain/kube/cluster-choice.ts";
import { layerChartFiles } from "./services/chart/ChartFiles.ts";
import { layerCrdBackupsOnDisk } from "./services/crds/CrdBackupsOnDisk.ts";
import { EventOutbox } from "./services/events/EventOutbox.ts";
import { layerHelmBinary } from "./services/helm/HelmBinary.ts";
import { layerProxyHoldAdmission } from "./services/hold/ProxyHoldAdmission.ts";
import { layerImageCopierCrane } from "./services/images/ImageCopierCrane.ts";
import { layerKubectlApi } from "./services/kube/KubectlApi.ts";
import { layerReleaseLockLease } from "./services/lock/ReleaseLockLease.ts";
import { layerProcessTableLocal } from "./services/processes/ProcessTableLocal.ts";
import { layerReleaseRecords } from "./services/release/ReleaseRecordsInCluster.ts";
import type { Reporter } from "./services/report/Reporter.ts";
import { layerFailureReportsOnDisk } from "./services/rollout/FailureReportsOnDisk.ts";
import { layerRolloutGateWatching } from "./services/rollout/RolloutGateWatching.ts";
import { layerJournalFilesOnDisk } from "./services/run/JournalFilesOnDisk.ts";
import { layerOperatorSignalsProcess } from "./services/run/OperatorSignalsProcess.ts";
import { RunJournal } from "./services/run/RunJournal.ts";
import { layerProxyStatsByPodProxy } from "./services/streams/ProxyStatsByPodProxy.ts";
import { layerToolCacheLocal } from "./services/tools/ToolCacheLocal.ts";
import { layerToolShelfLocal } from "./services/tools/ToolShelfLocal.ts";

/** What `tare tools` works on: no cluster, only the folder and the network. */
export const liveTools = (choice: ToolsChoice, reporter: Layer.Layer<Reporter>) =>
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
    layerPromptsTerminal,
    layerOperatorSignalsProcess,
    layerChartFiles.pipe(Layer.provide(helm)),
    layerImageCopierCrane.pipe(Layer.provide(tools)),
    layerCrdBackupsOnDisk,
    layerFailureReportsOnDisk,
    reporter,
  );
};
