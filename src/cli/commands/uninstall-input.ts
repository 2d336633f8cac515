/** The flags of `tare uninstall`. */
import type { Command } from "effect/cli";
import type { GivenFlag } from "../../domain/hints/operator-commands.ts";
import {
  DEFAULT_UNINSTALL_OPTIONS as DEFAULTS,
  type UninstallOptions,
} from "../../domain/uninstall/options.ts";
import { flagsOf, givenFlags, time, toggle } from "../flags/declared-flag.ts";
import { duration } from "../flags/kinds.ts";
import type { identityFile } from "../flags/shared-flags.ts";
import { UPGRADE_FLAGS } from "../flags/upgrade-flags.ts";

/** Every flag of `tare uninstall`, in the order of help, docs and printed commands. */
export const UNINSTALL_FLAGS = {
  yes: toggle("yes", DEFAULTS.yes, {
    help: "Begin without asking; needed where there is no terminal",
  }),
  dryRun: toggle("dry-run", DEFAULTS.dryRun, {
    help: "Show what would be deleted and what stays, without writing anything",
  }),
  force: toggle("force", DEFAULTS.force, {
    help: "Go on though others use the release: what they made is not deleted, and nobody serves it any more",
  }),
  keepNamespaces: toggle("keep-namespaces", DEFAULTS.keepNamespaces, {
    help: "Leave the namespaces; what is of the release in them goes",
  }),
  keepCrds: toggle("keep-crds", DEFAULTS.keepCrds, { help: "Leave every CRD" }),
  deleteSharedCrds: toggle("delete-shared-crds", DEFAULTS.deleteSharedCrds, {
    help: "Delete the CRDs of the Gateway API as well, where tare wrote them and nobody else uses them",
  }),
  timeout: time("timeout", DEFAULTS.timeout, duration("timeout"), {
    help: "Longest time that anything is waited for: proxies that drain, namespaces that go",
  }),
  lockTimeout: UPGRADE_FLAGS.lockTimeout,
  output: UPGRADE_FLAGS.output,
  kubeconfig: UPGRADE_FLAGS.kubeconfig,
  context: UPGRADE_FLAGS.context,
  toolsDir: UPGRADE_FLAGS.toolsDir,
  releaseName: UPGRADE_FLAGS.releaseName,
  systemNamespace: UPGRADE_FLAGS.systemNamespace,
  dataplaneNamespace: UPGRADE_FLAGS.dataplaneNamespace,
  skipPreflight: UPGRADE_FLAGS.skipPreflight,
};

export const uninstallFlags = flagsOf(UNINSTALL_FLAGS);

/** What the command line parses to. */
export type UninstallInput = Command.Command.Config.Infer<
  typeof uninstallFlags & { readonly identityFile: typeof identityFile }
>;

export const uninstallOptions = (input: UninstallInput): UninstallOptions => ({
  ...DEFAULTS,
  release: { name: input.releaseName, namespace: input.systemNamespace },
  dataplaneNamespace: input.dataplaneNamespace,
  timeout: input.timeout,
  lockTimeout: input.lockTimeout,
  skipPreflight: input.skipPreflight,
  yes: input.yes,
  dryRun: input.dryRun,
  force: input.force,
  keepCrds: input.keepCrds,
  keepNamespaces: input.keepNamespaces,
  deleteSharedCrds: input.deleteSharedCrds,
});

/** The flags that make this run differ from a bare one, for the commands that are printed. */
export const givenUninstallFlags = (input: UninstallInput): ReadonlyArray<GivenFlag> => {
  const { kubeconfig, context, ...others } = UNINSTALL_FLAGS;
  return givenFlags(others, input);
};
