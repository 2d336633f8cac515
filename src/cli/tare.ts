import { Console, Layer, Option } from "effect";
import { Command, Flag, GlobalFlag } from "effect/cli";
import type { Identity } from "../domain/identity.ts";
import type { ChartSource } from "../services/ChartSource.ts";
import type { Confirmation } from "../services/Confirmation.ts";
import type { CrdBackups } from "../services/CrdBackups.ts";
import type { EventOutbox } from "../services/EventOutbox.ts";
import type { FailureReports } from "../services/FailureReports.ts";
import type { Helm } from "../services/Helm.ts";
import type { Kubectl } from "../services/Kubectl.ts";
import { ManagementPlane } from "../services/ManagementPlane.ts";
import type { OperatorSignals } from "../services/OperatorSignals.ts";
import type { ProcessTable } from "../services/ProcessTable.ts";
import type { ProxyHold } from "../services/ProxyHold.ts";
import type { ProxyStats } from "../services/ProxyStats.ts";

import type { ReleaseLock } from "../services/ReleaseLock.ts";
import type { ReleaseRecords } from "../services/ReleaseRecords.ts";
import { Reporter } from "../services/Reporter.ts";
import type { RolloutGate } from "../services/RolloutGate.ts";
import type { RunJournal } from "../services/RunJournal.ts";
import type { ToolCache } from "../services/ToolCache.ts";
import { ToolShelf } from "../services/ToolShelf.ts";
import { doctorCommand } from "./doctor.ts";
import { historyCommand } from "./history.ts";
import { toolsCommand } from "./tools.ts";
import { upgradeCommand } from "./upgrade.ts";

export type TareServices =
  | ChartSource
  | Confirmation
  | CrdBackups
  | EventOutbox
  | Helm
  | Kubectl
  | OperatorSignals
  | ProcessTable
  | ReleaseLock
  | ReleaseRecords
  | Reporter
  | FailureReports
  | ProxyStats
  | ProxyHold
  | RolloutGate
  | RunJournal
  | ToolCache;

/** Which cluster a command was pointed at. */
export interface ClusterChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly toolsDir?: string;
}

/** `--version` alone; the built-in one also takes `-v`, which operators expect to mean verbose. */
export const versionFlag = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(
    Flag.withDescription("Print the version and exit"),
    Flag.withDefault(false),
  ),
  run: (_, { version }) => Console.log(`tare ${version}`),
});

type ToolsChoice = Pick<ClusterChoice, "toolsDir">;

/** A simulated cluster comes with its tools and has no folder of them. */
const noTools: Layer.Layer<ToolShelf | Reporter> = Layer.merge(
  Reporter.layerSilent,
  Layer.mock(ToolShelf)({}),
);

/** Nor is there anybody to tell. */
const noPlane = (): Layer.Layer<ManagementPlane> => Layer.mock(ManagementPlane)({});

interface ClusterFlags {
  readonly kubeconfig: Option.Option<string>;
  readonly context: Option.Option<string>;
}

/** The whole command line. The caller decides what it works on: the real cluster, or a simulated one. */
export const tareCommand = <R, R2 = never>(
  services: (choice: ClusterChoice) => Layer.Layer<TareServices, never, R>,
  tools: (choice: ToolsChoice) => Layer.Layer<ToolShelf | Reporter, never, R2> = () => noTools,
  managementPlane: (identity: Identity) => Layer.Layer<ManagementPlane> = noPlane,
) => {
  const ofCluster = ({ kubeconfig, context }: ClusterFlags) =>
    services({
      kubeconfig: Option.getOrUndefined(kubeconfig),
      context: Option.getOrUndefined(context),
    });
  return Command.make("tare").pipe(
    Command.withDescription("The operator's tool for the TARS data plane."),
    Command.withSubcommands([
      Command.provide(upgradeCommand, ({ kubeconfig, context, toolsDir }) =>
        services({
          kubeconfig: Option.getOrUndefined(kubeconfig),
          context: Option.getOrUndefined(context),
          ...(Option.isSome(toolsDir) ? { toolsDir: toolsDir.value } : {}),
        }),
      ),
      Command.provide(doctorCommand(managementPlane), ofCluster),
      Command.provide(historyCommand, ofCluster),
      toolsCommand(tools),
    ]),
    Command.withGlobalFlags([versionFlag]),
  );
};
