import { DEFAULT_UPGRADE_OPTIONS, type UpgradeOptions } from "../run/upgrade-options.ts";

/** All options of an uninstallation, already parsed. */
export interface UninstallOptions extends UpgradeOptions {
  /** Begin without asking. */
  readonly yes: boolean;
  /** Say what would be deleted, and write nothing. */
  readonly dryRun: boolean;
  /** Go on though what others made loses what serves it; theirs is not deleted either way. */
  readonly force: boolean;
  readonly keepCrds: boolean;
  readonly keepNamespaces: boolean;
  /** The CRDs of the Gateway API too, where nobody else uses them. */
  readonly deleteSharedCrds: boolean;
}

/** What `tare uninstall` does without a flag. */
export const DEFAULT_UNINSTALL_OPTIONS: UninstallOptions = {
  ...DEFAULT_UPGRADE_OPTIONS,
  yes: false,
  dryRun: false,
  force: false,
  keepCrds: false,
  keepNamespaces: false,
  deleteSharedCrds: false,
};
