import { Console, type Effect, type Layer, Option, type Scope } from "effect";
import { Command, type Completions, Flag, GlobalFlag } from "effect/cli";
import type { Identity } from "../domain/identity/identity.ts";
import type { ClusterChoice, ToolsChoice } from "../domain/kube/cluster-choice.ts";
import type { doctor } from "../operations/doctor.ts";
import type { history } from "../operations/history.ts";
import type { InstallServices } from "../operations/install.ts";
import type { PlanServices } from "../operations/plan.ts";
import type { UninstallServices } from "../operations/uninstall.ts";
import type { UpgradeServices } from "../operations/upgrade.ts";
import type { ManagementPlane } from "../services/events/ManagementPlane.ts";
import type { ImageCopier } from "../services/images/ImageCopier.ts";
import type { Reporter } from "../services/report/Reporter.ts";
import type { ToolCache } from "../services/tools/ToolCache.ts";
import type { ToolShelf } from "../services/tools/ToolShelf.ts";
import { completionCommand } from "./commands/completion.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { historyCommand } from "./commands/history.ts";
import { imagesCommand } from "./commands/images.ts";
import { installCommand } from "./commands/install.ts";
import { toolsCommand } from "./commands/tools.ts";
import { uninstallCommand } from "./commands/uninstall.ts";
import { upgradeCommand } from "./commands/upgrade.ts";
import { completionScript } from "./completions.ts";
import { debugFlag } from "./flags/global/debug.ts";
import { colorFlag, progressFlag } from "./flags/global/terminal.ts";

/** The services of all commands: of the real cluster, or of a simulated one. */
export type TareServices = Exclude<
  | UpgradeServices
  | PlanServices
  | InstallServices
  | UninstallServices
  | Effect.Services<ReturnType<typeof history>>
  | Effect.Services<ReturnType<typeof doctor>>
  | ImageCopier
  | ToolCache,
  ManagementPlane | Scope.Scope
>;

/** `--version` alone; the built-in one also takes `-v`, which operators expect to mean verbose. */
const versionFlag = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(
    Flag.withDescription("Print the version and exit"),
    Flag.withDefault(false),
  ),
  run: (_, { version }) => Console.log(`tare ${version}`),
});

interface ClusterFlags {
  readonly kubeconfig: Option.Option<string>;
  readonly context: Option.Option<string>;
  /** Given by commands that fetch tools. */
  readonly toolsDir?: Option.Option<string>;
}

const clusterChoice = ({
  kubeconfig,
  context,
  toolsDir = Option.none(),
}: ClusterFlags): ClusterChoice => ({
  kubeconfig: Option.getOrUndefined(kubeconfig),
  context: Option.getOrUndefined(context),
  ...(Option.isSome(toolsDir) ? { toolsDir: toolsDir.value } : {}),
});

/** The whole command line. The caller decides what it works on: the real cluster, or a simulated one. */
export const tareCommand = <R, R2>(
  services: (choice: ClusterChoice) => Layer.Layer<TareServices, never, R>,
  tools: (choice: ToolsChoice) => Layer.Layer<ToolShelf | Reporter, never, R2>,
  managementPlane: (identity: Identity) => Layer.Layer<ManagementPlane>,
) => {
  const ofCluster = (flags: ClusterFlags) => services(clusterChoice(flags));
  const script = (shell: Completions.Shell): string => completionScript(command, shell);
  const command = Command.make("tare").pipe(
    Command.withDescription("Install, upgrade and operate a TARS data plane."),
    Command.withExamples([
      { command: "tare install identity.json", description: "A first installation" },
      { command: "tare upgrade identity.json --plan", description: "What an upgrade would change" },
      { command: "tare upgrade identity.json", description: "The upgrade" },
      { command: "tare history", description: "What was installed and upgraded, and how it ended" },
    ]),
    Command.withSubcommands([
      Command.provide(installCommand(managementPlane), ofCluster),
      Command.provide(upgradeCommand, ofCluster),
      Command.provide(uninstallCommand(managementPlane), ofCluster),
      Command.provide(doctorCommand(managementPlane), ofCluster),
      Command.provide(historyCommand, ofCluster),
      imagesCommand(services),
      toolsCommand(tools),
      completionCommand(script),
    ]),
    Command.withGlobalFlags([versionFlag, colorFlag, progressFlag, debugFlag]),
  );
  return command;
};
