/**
 * The catalogue of everything a run can fail with: one class per thing an operator would do differently about it. Each
 * says what failed, why, and the next command; the exit code is part of the contract (see the README).
 */
import type { InvalidStoredValues } from "./errors/bad-input.ts";
import type {
  CrdBackupFailed,
  CrdRightsMissing,
  CrdsIncomplete,
  CrdsLocked,
  CrdsRefused,
} from "./errors/crds.ts";
import type {
  ClusterUnavailable,
  DataPlaneNamespaceMismatch,
  PreflightFailed,
  ValuesWouldBeLost,
} from "./errors/preflight.ts";
import type {
  AnotherRunHoldsTheLock,
  NoDeployedRevision,
  OperationInProgress,
  ReleaseNotFound,
  ReleaseVanished,
  RunSuperseded,
  SingleReplica,
} from "./errors/release.ts";
import type {
  ChartUnusable,
  RollbackFailed,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  UpgradeRolledBack,
} from "./errors/upgrade.ts";

export { InvalidFlag, InvalidIdentity, InvalidStoredValues } from "./errors/bad-input.ts";
export {
  CrdBackupFailed,
  CrdRightsMissing,
  CrdsIncomplete,
  CrdsLocked,
  CrdsRefused,
} from "./errors/crds.ts";
export { isOperatorError, type OperatorError } from "./errors/operator-error.ts";
export {
  ClusterUnavailable,
  DataPlaneNamespaceMismatch,
  PreflightFailed,
  ValuesWouldBeLost,
} from "./errors/preflight.ts";
export {
  AnotherRunHoldsTheLock,
  NoDeployedRevision,
  OperationInProgress,
  ReleaseNotFound,
  ReleaseVanished,
  RunSuperseded,
  SingleReplica,
} from "./errors/release.ts";
export {
  ChartUnusable,
  RollbackFailed,
  UpgradeLeftInPlace,
  UpgradeNotStarted,
  UpgradeRolledBack,
} from "./errors/upgrade.ts";

export type UpgradeError =
  | InvalidStoredValues
  | PreflightFailed
  | ClusterUnavailable
  | DataPlaneNamespaceMismatch
  | ValuesWouldBeLost
  | ReleaseNotFound
  | ReleaseVanished
  | NoDeployedRevision
  | SingleReplica
  | OperationInProgress
  | AnotherRunHoldsTheLock
  | RunSuperseded
  | CrdRightsMissing
  | CrdsLocked
  | CrdsRefused
  | CrdsIncomplete
  | CrdBackupFailed
  | UpgradeRolledBack
  | RollbackFailed
  | UpgradeLeftInPlace
  | UpgradeNotStarted
  | ChartUnusable;
