/** What the operator gives to the run. */
import { Duration, Redacted } from "effect";
import type { Identity } from "../../../src/domain/identity/identity.ts";
import {
  type ChartReference,
  DEFAULT_UPGRADE_OPTIONS,
  type UpgradeOptions,
} from "../../../src/domain/run/upgrade-options.ts";
import type { FlagValue } from "../../../src/domain/values/carry-over.ts";
import { IDENTITY } from "../../fakes/index.ts";
import type { Story } from "../story.ts";

const SECRET_FLAG = "otel-exporter-auth-headers";

const carriedFlag = ([name, value]: readonly [string, string | boolean]) =>
  [
    name,
    name === SECRET_FLAG && typeof value === "string" ? Redacted.make(value) : value,
  ] as readonly [string, FlagValue];

export const optionsOf = (
  { options }: Story,
  chart: ChartReference = { _tag: "Embedded" },
): UpgradeOptions => ({
  ...DEFAULT_UPGRADE_OPTIONS,
  atomic: options.atomic,
  allowDowntime: options.allowDowntime,
  ha: options.ha,
  skipPreflight: options.skipPreflight,
  strictValues: options.strictValues,
  timeout: Duration.seconds(options.timeoutSeconds),
  drainTimeout: Duration.seconds(options.drainSeconds),
  settleTime: Duration.seconds(options.settleSeconds),
  dataplaneNamespace: options.dataplaneNamespace,
  carriedFlags: new Map(Object.entries(options.flags).map(carriedFlag)),
  chart,
});

export const identityOf = ({ options }: Story): Identity => ({ ...IDENTITY, ...options.identity });
