import { hostname, userInfo } from "node:os";
import { Layer } from "effect";
import type { ClusterChoice } from "./cli/tare.ts";
import { layerReporterText } from "./render/ReporterText.ts";
import type { Paint } from "./render/text.ts";
import { layerChartFiles } from "./services/ChartFiles.ts";
import { layerCrdBackupsOnDisk } from "./services/CrdBackupsOnDisk.ts";
import { EventOutbox } from "./services/EventOutbox.ts";
import { layerHelmBinary } from "./services/HelmBinary.ts";
import { layerKubectlApi } from "./services/KubectlApi.ts";
import { ReleaseLock } from "./services/ReleaseLock.ts";
import { ReleaseRecords } from "./services/ReleaseRecords.ts";
import { RolloutGate } from "./services/RolloutGate.ts";
import { layerToolCacheLocal } from "./services/ToolCacheLocal.ts";

const whoAndWhere = (): string => `${userInfo().username}@${hostname()}, process ${process.pid}`;

/** Everything real: the API server, the Helm binary, this machine's files. */
export const liveServices = (choice: ClusterChoice, paint: Paint) => {
  const tools = layerToolCacheLocal;
  const kubectl = layerKubectlApi(choice);
  const helm = layerHelmBinary(choice).pipe(Layer.provide([tools, kubectl]));
  const inCluster = Layer.mergeAll(
    EventOutbox.layer,
    ReleaseRecords.layer,
    RolloutGate.layerPolling,
    ReleaseLock.layerLease(whoAndWhere()),
  ).pipe(Layer.provide(kubectl));
  return Layer.mergeAll(
    tools,
    kubectl,
    helm,
    inCluster,
    layerChartFiles.pipe(Layer.provide(helm)),
    layerCrdBackupsOnDisk,
    layerReporterText(paint),
  );
};
