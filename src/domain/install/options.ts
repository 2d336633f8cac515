import type { Redacted } from "effect";
import type { SyncRequest } from "../images/request.ts";
import { DEFAULT_UPGRADE_OPTIONS, type UpgradeOptions } from "../run/upgrade-options.ts";

/** All options of an installation, already parsed. */
export interface InstallOptions extends UpgradeOptions {
  /** Begin without asking. */
  readonly yes: boolean;
  /** Until the release and its data plane are up; a release that runs is never changed without. */
  readonly wait: boolean;
  /** A dockerconfigjson for the images, from which a Secret is made in both namespaces. */
  readonly pullSecret: Redacted.Redacted<string> | undefined;
  /** A Secret of the operator's own that is there already, in both namespaces. */
  readonly pullSecretName: string | undefined;
  /** Bring the images to a registry before anything else. */
  readonly imageSync: SyncRequest | undefined;
}

/** What `tare install` does without a flag. */
export const DEFAULT_INSTALL_OPTIONS: InstallOptions = {
  ...DEFAULT_UPGRADE_OPTIONS,
  yes: false,
  wait: true,
  pullSecret: undefined,
  pullSecretName: undefined,
  imageSync: undefined,
};
