/**
 * The catalogue of everything a run can fail with: one class per thing an operator would do differently about it. Each
 * says what failed, why, and the next command; the exit code is part of the contract (see the README).
 */
import type * as BadInput from "./errors/bad-input.ts";
import type * as Crds from "./errors/crds.ts";
import type * as Images from "./errors/images.ts";
import type * as Install from "./errors/install.ts";
import type * as Preflight from "./errors/preflight.ts";
import type * as Records from "./errors/records.ts";
import type * as Release from "./errors/release.ts";
import type * as Uninstall from "./errors/uninstall.ts";
import type * as Upgrade from "./errors/upgrade.ts";

export {
  InvalidFlag,
  InvalidIdentity,
  InvalidStoredValues,
  NothingToKeep,
} from "./errors/bad-input.ts";
export {
  CrdBackupFailed,
  CrdRightsMissing,
  CrdsIncomplete,
  CrdsLocked,
  CrdsRefused,
} from "./errors/crds.ts";
export { AnotherDoctorAtWork, EventsWaiting } from "./errors/doctor.ts";
export {
  CopierUnavailable,
  ImagesIncomplete,
  ImagesNotThere,
  ImagesRefused,
} from "./errors/images.ts";
export {
  ChartNotRebuilt,
  InstallationUnfinished,
  InstallLeftInPlace,
  InstallNotStarted,
  InstallRefused,
  InstallRemoved,
  MissingValues,
  NotConfirmed,
  RemovalFailed,
  ServeUrlRefused,
  WaitNeeded,
} from "./errors/install.ts";
export { isOperatorError, type OperatorError } from "./errors/operator-error.ts";
export {
  ClusterUnavailable,
  DataPlaneNamespaceMismatch,
  DowngradeRefused,
  FieldsOwnedByOthers,
  ForeignChart,
  OtherWorkspace,
  PreflightFailed,
  ReachWouldChange,
  RecordsElsewhere,
  ValuesWouldBeLost,
} from "./errors/preflight.ts";
export { RecordsDamaged, StoredApisGone } from "./errors/records.ts";
export {
  AnotherRunHoldsTheLock,
  NoDeployedRevision,
  OperationInProgress,
  ReleaseNotFound,
  ReleaseVanished,
  RunSuperseded,
  SingleReplica,
} from "./errors/release.ts";
export { HelmAtWork, UninstallFailed, UninstallRefused } from "./errors/uninstall.ts";
export {
  ChartUnusable,
  RollbackFailed,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  UpgradeRolledBack,
} from "./errors/upgrade.ts";

type InstanceOf<Module> = {
  [Name in keyof Module]: Module[Name] extends abstract new (...args: never) => infer E ? E : never;
}[keyof Module];

/** Everything but what the command line itself refuses. */
export type UpgradeError =
  | BadInput.InvalidStoredValues
  | BadInput.NothingToKeep
  | InstanceOf<typeof Preflight>
  | InstanceOf<typeof Records>
  | InstanceOf<typeof Release>
  | InstanceOf<typeof Crds>
  | InstanceOf<typeof Upgrade>;

/** What an installation can fail with beside these: everything but what the command line itself refuses. */
export type InstallError =
  | UpgradeError
  | BadInput.InvalidFlag
  | InstanceOf<typeof Install>
  | Exclude<InstanceOf<typeof Images>, Images.ImagesNotThere>;

/** What an uninstallation can fail with beside those of an upgrade: everything but what the command line itself refuses. */
export type UninstallError =
  | UpgradeError
  | InstanceType<typeof Install.NotConfirmed>
  | InstanceOf<typeof Uninstall>;
