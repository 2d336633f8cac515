/** The flags of `tare upgrade`. */
import { Config, Duration, Option } from "effect";
import { Flag } from "effect/cli";
import {
  DEFAULT_UPGRADE_OPTIONS as DEFAULTS,
  ON_CONFLICT,
  type OnConflict,
  REDIS_TYPES,
} from "../../domain/run/upgrade-options.ts";
import { namedAgain } from "../pipes.ts";
import { declare, flagsOf, optional, time, toggle, wordsUnless } from "./declared-flag.ts";
import { duration, durationOrNone, environmentBoolean, matching, url } from "./kinds.ts";
import { OUTPUT_FLAG } from "./output.ts";
import { CLUSTER_FLAGS, namespace, RELEASE_FLAGS, TOOLS_DIR_FLAG } from "./shared-flags.ts";

/** Gateway API durations, which the drain time becomes, have at most five digits a term. */
const LONGEST_DRAIN_SECONDS = 99_999;

const IMAGE_TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** A host with an optional port, and a path: no scheme. */
export const NAMED_REGISTRY = /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/i;
/** Or nothing, for the public ones. */
const IMAGE_REGISTRY = new RegExp(`^$|${NAMED_REGISTRY.source}`, "i");

export const DEPLOYMENT_MODES = ["enterprise", "saas"] as const;

export const imageRegistry = matching(
  "image-registry",
  IMAGE_REGISTRY,
  "a registry with an optional path, e.g. gcr.io/acme/tars",
);

/** The default of a flag without which the release keeps its value. */
const CARRIED = "carry-forward";

const MAIN = {
  allowDowntime: toggle("allow-downtime", DEFAULTS.allowDowntime, {
    help: "Proceed even when the data plane is single-replica; in-flight LLM streams will be dropped",
  }),
  allowDowngrade: toggle("allow-downgrade", DEFAULTS.allowDowngrade, {
    help: "Allow a downgrade to an older chart; CRDs are not downgraded",
  }),
  ha: optional("ha", Flag.Boolean("ha"), {
    help: "HA-safe defaults for the data-plane Envoy proxy: HPA min 2, PDB min 1",
    more: "`--ha=false` or `--no-ha` keeps one replica",
    preset: String(DEFAULTS.ha),
  }),
  drainTimeoutSeconds: optional(
    "drain-timeout-seconds",
    Flag.Int("drain-timeout-seconds").pipe(
      Flag.filter(
        (seconds) => seconds >= 1 && seconds <= LONGEST_DRAIN_SECONDS,
        () => `a number of seconds from 1 to ${LONGEST_DRAIN_SECONDS}`,
      ),
    ),
    {
      help: "Longest time in seconds that Envoy waits for in-flight requests before it is killed",
      more: "proxies that run with a shorter drain are first replaced, without a dropped stream, by some with this one",
      preset: String(Duration.toSeconds(DEFAULTS.drainTimeout)),
      page: "docs/streams.md",
    },
  ),
  plan: toggle("plan", false, {
    help: "Show what an upgrade would do without writing anything; exit 0: no changes, 3: changes",
    page: "docs/plan.md",
  }),
  noAtomic: toggle(
    "no-atomic",
    !DEFAULTS.atomic,
    { help: "Leave a failed release in place instead of rolling it back" },
    Flag.withNegation(Flag.Boolean("no-atomic"), "atomic"),
  ),
  failFast: toggle("fail-fast", DEFAULTS.failFast, {
    help: "End the upgrade as soon as a new pod cannot recover, instead of waiting for the timeout",
    page: "docs/rollout.md",
  }),
  timeout: time("timeout", DEFAULTS.timeout, duration("timeout"), {
    help: "Budget of the rollout; should exceed drain timeout × replicas to allow serial drain",
    more: "Helm's wait and the data plane together; Go durations such as `90s` and `1h30m`",
  }),
  recover: declare<boolean>(
    "recover",
    Flag.withDefault(Flag.Boolean("recover"), DEFAULTS.recover),
    {
      help: "If a killed run left the release pending, roll back to the last good revision first",
      preset: "ask on a terminal, else refuse",
      page: "docs/recovery.md",
    },
    wordsUnless("recover", DEFAULTS.recover),
  ),
  onConflict: declare<OnConflict>(
    "on-conflict",
    Flag.withDefault(Flag.Literals("on-conflict", ON_CONFLICT), DEFAULTS.onConflict),
    {
      help: "What to do about fields that the upgrade changes and others own: take them over, or refuse before the first write",
      more: "`refuse` ends with exit code 10",
      preset: DEFAULTS.onConflict,
    },
    wordsUnless("on-conflict", DEFAULTS.onConflict),
  ),
  lockTimeout: time("lock-timeout", DEFAULTS.lockTimeout, durationOrNone("lock-timeout"), {
    help: "How long to wait for another run that is alive; the lock of a dead one is taken over in any case",
    more: "if given, no wait for the lock lasts longer",
  }),
};

const VALUES = {
  values: declare(
    "values",
    Flag.atLeast(Flag.String("values"), 0),
    {
      help: "YAML or JSON file of chart values, or JSON itself, over the carried ones; repeatable, later ones win",
      preset: "none",
      metavar: "FILE",
    },
    (files) => files.flatMap((file) => ["--values", namedAgain(file, "VALUES_FILE")]),
  ),
  keep: declare(
    "keep",
    matching("keep", /^[^.\s]+(\.[^.\s]+)*$/, "a path such as gateway.service.type, or all").pipe(
      Flag.atLeast(0),
    ),
    {
      help: "Keep a value of the release that is not carried forward; repeatable, all for every one",
      more: "for example `gateway.service.type`",
      preset: "none",
      metavar: "PATH",
    },
    (paths) => paths.flatMap((path) => ["--keep", path]),
  ),
  allowReachChange: toggle("allow-reach-change", DEFAULTS.allowReachChange, {
    help: "Proceed even when clients will have to reach the data plane in another way",
  }),
};

const TELEMETRY = {
  enableOtelCollector: optional("enable-otel-collector", Flag.Boolean("enable-otel-collector"), {
    help: "Override whether the OTel collector runs",
    preset: CARRIED,
  }),
  otelCollectorEndpoint: optional(
    "otel-collector-endpoint",
    matching("otel-collector-endpoint", /^\S*$/, "a URL without spaces"),
    { help: "Override the OTel OTLP endpoint", preset: CARRIED, metavar: "URL" },
  ),
  otelExporterAuthHeaders: declare(
    "otel-exporter-auth-headers",
    Flag.Redacted("otel-exporter-auth-headers").pipe(
      Flag.withFallbackConfig(Config.Redacted("TARE_OTEL_EXPORTER_AUTH_HEADERS")),
      Flag.optional,
    ),
    {
      help: "Override the OTel Authorization header; @FILE reads it from a file, TARE_OTEL_EXPORTER_AUTH_HEADERS from the environment",
      preset: CARRIED,
      metavar: "H",
    },
    // The value itself must not be printed; pasted as it is, this fails with the name of a file to write.
    (header) => (Option.isSome(header) ? ["--otel-exporter-auth-headers", "@HEADER_FILE"] : []),
  ),
  strictValues: toggle("strict-values", DEFAULTS.strictValues, {
    help: "Refuse to upgrade when a user-supplied value would not be carried forward",
  }),
};

const ADVANCED = {
  ...RELEASE_FLAGS,
  dataplaneNamespace: namespace(
    "dataplane-namespace",
    DEFAULTS.dataplaneNamespace,
    "Namespace of the Envoy proxies and their Gateways",
  ),
  chartPath: optional("chart-path", Flag.String("chart-path"), {
    help: "Another chart than the embedded one: a directory, an archive, an oci:// or https:// reference",
    preset: "the embedded chart",
    metavar: "CHART",
    isAdvanced: true,
  }),
  chartVersion: optional("chart-version", Flag.String("chart-version"), {
    help: "Chart version, for a remote chart",
    preset: "the newest",
    metavar: "VERSION",
    isAdvanced: true,
  }),
  imageRegistry: optional("image-registry", imageRegistry, {
    help: "The registry that the images come from",
    preset: CARRIED,
    metavar: "REGISTRY",
    isAdvanced: true,
  }),
  imageTag: optional("image-tag", matching("image-tag", IMAGE_TAG, "an image tag, e.g. 1.2.0"), {
    help: "The tag of the TARS images",
    preset: "the chart's",
    metavar: "TAG",
    isAdvanced: true,
  }),
  deploymentMode: optional("deployment-mode", Flag.Literals("deployment-mode", DEPLOYMENT_MODES), {
    help: "Deployment mode of the data plane: enterprise or saas",
    preset: CARRIED,
    metavar: "MODE",
    isAdvanced: true,
  }),
  customer: optional("customer", Flag.String("customer"), {
    help: "The customer's name",
    preset: CARRIED,
    metavar: "NAME",
    isAdvanced: true,
  }),
  environment: optional("environment", Flag.String("environment"), {
    help: "The environment's name",
    preset: CARRIED,
    metavar: "NAME",
    isAdvanced: true,
  }),
  serveUrl: optional("serve-url", url("serve-url"), {
    help: "The URL at which clients reach the gateway; nothing clears it",
    preset: CARRIED,
    metavar: "URL",
    isAdvanced: true,
  }),
  redisType: optional("redis-type", Flag.Literals("redis-type", REDIS_TYPES), {
    help: "Whether Redis runs in the cluster or elsewhere: cluster or hosted",
    preset: DEFAULTS.redisType,
    metavar: "TYPE",
    isAdvanced: true,
  }),
  noRateLimiting: declare(
    "no-rate-limiting",
    Flag.optional(Flag.withNegation(Flag.Boolean("no-rate-limiting"), "rate-limiting")),
    { help: "Run without rate limiting", preset: String(!DEFAULTS.rateLimiting), isAdvanced: true },
    Option.match({
      onNone: () => [],
      onSome: (isOff) => [isOff ? "--no-rate-limiting" : "--rate-limiting"],
    }),
  ),
  skipPreflight: declare<boolean>(
    "skip-preflight",
    Flag.withDefault(Flag.Boolean("skip-preflight"), environmentBoolean("TARE_SKIP_PREFLIGHT")),
    {
      help: "Skip phase 1; also TARE_SKIP_PREFLIGHT=1",
      preset: "false",
      isAdvanced: true,
    },
    wordsUnless("skip-preflight", false),
  ),
  settleTime: time("settle-time", DEFAULTS.settleTime, duration("settle-time"), {
    help: "How long the data plane must stay ready before it counts as upgraded",
    isAdvanced: true,
  }),
};

/** Every flag of `tare upgrade`, in the order of help, README and printed commands. */
export const UPGRADE_FLAGS = {
  ...MAIN,
  output: OUTPUT_FLAG,
  ...VALUES,
  ...TELEMETRY,
  ...CLUSTER_FLAGS,
  toolsDir: TOOLS_DIR_FLAG,
  ...ADVANCED,
};

export const upgradeFlags = flagsOf(UPGRADE_FLAGS);
