import { Duration, Redacted } from "effect";
import type { JsonObject } from "../kube/json.ts";
import type { ReleaseRef } from "../release/release.ts";
import type { CarriedFlags } from "../values/carry-over.ts";

/** `Duration`s are virtual-clock friendly; all options of an upgrade, already parsed. */
export interface UpgradeOptions {
  /** The Helm release, and the namespace of its controllers. */
  readonly release: ReleaseRef;
  /** Where the Envoy proxies and their Gateways are. */
  readonly dataplaneNamespace: string;
  /** Go on though the data plane has one replica; its streams are cut. */
  readonly allowDowntime: boolean;
  /** Go on though the chart is older than what runs. */
  readonly allowDowngrade: boolean;
  /** Two replicas at the least, and a disruption budget. */
  readonly ha: boolean;
  /** For how long an Envoy that is replaced may serve its open streams. */
  readonly drainTimeout: Duration.Duration;
  /** Roll back what fails. */
  readonly atomic: boolean;
  /** The budget of `helm upgrade --wait` and of the data-plane gate together. */
  readonly timeout: Duration.Duration;
  /** How long the data plane must stay unchanged and ready before it counts as upgraded. */
  readonly settleTime: Duration.Duration;
  /** End the wait as soon as a pod of a new template cannot recover. */
  readonly failFast: boolean;
  /** For how long a living run that holds the lock is waited for; a dead one's lock is taken in any case. */
  readonly lockTimeout: Duration.Duration;
  /** Bring a release back that was left pending, without asking. */
  readonly recover: boolean;
  /** What is upgraded to. */
  readonly chart: ChartReference;
  /** Values given in this run in place of the carried ones, by the flag that gives them. */
  readonly carriedFlags: CarriedFlags;
  /** The tag of the TARS images; the chart's own where it is left out. */
  readonly imageTag: string | undefined;
  /** Redis in the cluster, or one that runs elsewhere. */
  readonly redisType: RedisType;
  /** Whether the rate limiter runs. */
  readonly rateLimiting: boolean;
  /** Paths of values that flags of this run set, be it to the default. */
  readonly decided: ReadonlyArray<string>;
  /** Leave phase 1 out. */
  readonly skipPreflight: boolean;
  /** Fail when a value of the release would not be carried forward. */
  readonly strictValues: boolean;
  /** Paths of stored values that stay though they are not carried; `all` for every one of them. */
  readonly keep: ReadonlyArray<string>;
  /** Of the operator's files, merged; over what is carried, under the flags. */
  readonly values: Redacted.Redacted<JsonObject>;
  /** Change how clients reach the data plane, though no flag or value asked for it. */
  readonly allowReachChange: boolean;
  /** Of fields that the upgrade changes and that others own: change them, or stop before the first write. */
  readonly onConflict: OnConflict;
}

export const ON_CONFLICT = ["take", "refuse"] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];

export const REDIS_TYPES = ["cluster", "hosted"] as const;
type RedisType = (typeof REDIS_TYPES)[number];

export type ChartReference =
  | { readonly _tag: "Embedded" }
  /** A chart directory or a `.tgz` archive. */
  | { readonly _tag: "Local"; readonly path: string }
  | { readonly _tag: "Remote"; readonly url: string; readonly version: string | undefined };

export const DEFAULT_RELEASE: ReleaseRef = { name: "tars", namespace: "tars-system" };
export const DEFAULT_DATAPLANE_NAMESPACE = "tars-dataplane";

/** What `tare upgrade` does without a flag; change what differs. */
export const DEFAULT_UPGRADE_OPTIONS: UpgradeOptions = {
  release: DEFAULT_RELEASE,
  dataplaneNamespace: DEFAULT_DATAPLANE_NAMESPACE,
  allowDowntime: false,
  allowDowngrade: false,
  ha: true,
  drainTimeout: Duration.seconds(300),
  atomic: true,
  timeout: Duration.minutes(10),
  settleTime: Duration.seconds(15),
  failFast: true,
  lockTimeout: Duration.zero,
  recover: false,
  chart: { _tag: "Embedded" },
  carriedFlags: new Map(),
  imageTag: undefined,
  redisType: "cluster",
  rateLimiting: true,
  decided: [],
  skipPreflight: false,
  strictValues: false,
  keep: [],
  values: Redacted.make({}, { label: "values" }),
  allowReachChange: false,
  onConflict: "take",
};

/** The values that flags decide alone; the carried ones are laid over these. */
export const generatedValues = (options: UpgradeOptions): JsonObject => ({
  global: {
    dataplaneNamespace: options.dataplaneNamespace,
    ...(options.imageTag === undefined ? {} : { imageTag: options.imageTag }),
  },
  ha: { enabled: options.ha },
  shutdown: { drainTimeout: `${Math.ceil(Duration.toSeconds(options.drainTimeout))}s` },
  redis: { type: options.redisType },
  rateLimiting: { enabled: options.rateLimiting },
});
