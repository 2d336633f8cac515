import { Config, Duration, Effect, Option } from "effect";
import { Argument, CliError, Flag } from "effect/cli";
import { parseGoDuration } from "../domain/go-duration.ts";
import {
  DEFAULT_UPGRADE_OPTIONS as DEFAULTS,
  ON_CONFLICT,
  REDIS_TYPES,
} from "../domain/upgrade-options.ts";
import { outputFlag } from "./output.ts";

/** Gateway API durations, which the drain time becomes, have at most five digits a term. */
const LONGEST_DRAIN_SECONDS = 99_999;

export const duration = (name: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("DURATION"),
    Flag.filterMap(
      (text) =>
        Option.filter(Option.fromUndefinedOr(parseGoDuration(text)), (parsed) =>
          Duration.isGreaterThan(parsed, Duration.zero),
        ),
      () => "a duration longer than 0s, such as 90s, 10m or 1h30m",
    ),
  );

const durationOrNone = (name: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("DURATION"),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(parseGoDuration(text)),
      () => "a duration such as 0s, 90s, 10m or 1h30m",
    ),
  );

const matching = (name: string, pattern: RegExp, expected: string) =>
  Flag.String(name).pipe(
    Flag.filter(
      (text) => pattern.test(text),
      () => expected,
    ),
  );

const url = (name: string) =>
  Flag.String(name).pipe(
    Flag.filter(
      (text) =>
        text === "" || (URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol)),
      () => "an http:// or https:// URL, or nothing to clear it",
    ),
  );

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const RELEASE_NAME =
  /^(?=.{1,53}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const IMAGE_TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** A host with an optional port, and a path: no scheme. */
const IMAGE_REGISTRY = /^([a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*)?$/i;

const namespace = (name: string, preset: string) =>
  matching(name, DNS_LABEL, "a Kubernetes namespace, e.g. tars-system").pipe(
    Flag.withHidden,
    Flag.withDefault(preset),
  );

const environmentBoolean = (name: string) =>
  Config.Boolean(name).pipe(
    Config.withDefault(false),
    Effect.mapError(
      () =>
        new CliError.ValidationError({ message: `${name}: expected true or false (or 1 or 0)` }),
    ),
  );

export const identityFile = Argument.String("identity-file").pipe(
  Argument.withDescription("The service account file that tare install was given"),
);

/** Which cluster: the same two flags on every command that talks to one. */
export const clusterFlags = {
  kubeconfig: Flag.String("kubeconfig").pipe(
    Flag.withDescription("Path of the kubeconfig file (default: KUBECONFIG, else ~/.kube/config)"),
    Flag.withMetavar("FILE"),
    Flag.optional,
  ),
  context: Flag.String("context").pipe(
    Flag.withDescription("Name of the kubeconfig context (default: the current one)"),
    Flag.optional,
  ),
};

export const toolsDirFlag = Flag.String("tools-dir").pipe(
  Flag.withDescription("Folder of the downloaded helm and kubectl (default: ~/.tare/tools)"),
  Flag.withMetavar("DIR"),
  Flag.optional,
);

/** Which release: not among the flags that help shows, since nearly everybody has the one. */
export const releaseFlags = {
  releaseName: matching("release-name", RELEASE_NAME, "a Helm release name, e.g. tars").pipe(
    Flag.withHidden,
    Flag.withDefault(DEFAULTS.release.name),
  ),
  systemNamespace: namespace("system-namespace", DEFAULTS.release.namespace),
};

/** The same as words, where they were given. */
export const releaseWords = (given: {
  readonly releaseName: string;
  readonly systemNamespace: string;
}): ReadonlyArray<string> => [
  ...(given.releaseName === DEFAULTS.release.name ? [] : ["--release-name", given.releaseName]),
  ...(given.systemNamespace === DEFAULTS.release.namespace
    ? []
    : ["--system-namespace", given.systemNamespace]),
];

const main = {
  allowDowntime: Flag.Boolean("allow-downtime").pipe(
    Flag.withDescription(
      "Proceed even when the data plane is single-replica; in-flight LLM streams will be dropped (default: false)",
    ),
    Flag.withDefault(DEFAULTS.allowDowntime),
  ),
  allowDowngrade: Flag.Boolean("allow-downgrade").pipe(
    Flag.withDescription(
      "Proceed even when the chart is older than the release; CRDs never go back (default: false)",
    ),
    Flag.withDefault(DEFAULTS.allowDowngrade),
  ),
  ha: Flag.Boolean("ha").pipe(
    Flag.withDescription(
      "HA-safe defaults for the data-plane Envoy proxy: HPA min 2, PDB min 1 (default: true)",
    ),
    Flag.optional,
  ),
  drainTimeoutSeconds: Flag.Int("drain-timeout-seconds").pipe(
    Flag.withDescription(
      "Longest time in seconds that Envoy waits for in-flight requests before it is killed (default: 300)",
    ),
    Flag.filter(
      (seconds) => seconds >= 1 && seconds <= LONGEST_DRAIN_SECONDS,
      () => `a number of seconds from 1 to ${LONGEST_DRAIN_SECONDS}`,
    ),
    Flag.optional,
  ),
  plan: Flag.Boolean("plan").pipe(
    Flag.withDescription(
      "Write nothing and show what an upgrade would do; exit 0 when there is nothing to do, 3 when there is (default: false)",
    ),
    Flag.withDefault(false),
  ),
  noAtomic: Flag.Boolean("no-atomic").pipe(
    Flag.withDescription(
      "Leave a failed release in place instead of rolling it back (default: false)",
    ),
    Flag.withNegation("atomic"),
    Flag.withDefault(!DEFAULTS.atomic),
  ),
  failFast: Flag.Boolean("fail-fast").pipe(
    Flag.withDescription(
      "End the upgrade as soon as a new pod cannot recover, instead of waiting for the timeout (default: true)",
    ),
    Flag.withDefault(DEFAULTS.failFast),
  ),
  timeout: duration("timeout").pipe(
    Flag.withDescription(
      "Budget of the rollout; should exceed drain timeout × replicas to allow serial drain (default: 10m)",
    ),
    Flag.withDefault(DEFAULTS.timeout),
  ),
  recover: Flag.Boolean("recover").pipe(
    Flag.withDescription(
      "Bring a release that a killed run left pending back to its last good revision, then upgrade (default: ask on a terminal, else refuse)",
    ),
    Flag.withDefault(DEFAULTS.recover),
  ),
  onConflict: Flag.Literals("on-conflict", ON_CONFLICT).pipe(
    Flag.withDescription(
      "What to do about fields that the upgrade changes and others own: take them over, or refuse before the first write (default: take)",
    ),
    Flag.withDefault(DEFAULTS.onConflict),
  ),
  lockTimeout: durationOrNone("lock-timeout").pipe(
    Flag.withDescription(
      "How long to wait for another run that is alive; the lock of a dead one is taken over in any case (default: 0s)",
    ),
    Flag.withDefault(DEFAULTS.lockTimeout),
  ),
};

const values = {
  values: Flag.String("values").pipe(
    Flag.withDescription(
      "YAML or JSON file of chart values, or JSON itself, over the carried ones; repeatable, later ones win",
    ),
    Flag.withMetavar("FILE"),
    Flag.atLeast(0),
  ),
  keep: matching(
    "keep",
    /^[^.\s]+(\.[^.\s]+)*$/,
    "a path such as gateway.service.type, or all",
  ).pipe(
    Flag.withDescription(
      "Keep a value of the release that is not carried forward; repeatable, all for every one",
    ),
    Flag.withMetavar("PATH"),
    Flag.atLeast(0),
  ),
  allowReachChange: Flag.Boolean("allow-reach-change").pipe(
    Flag.withDescription(
      "Proceed even when clients will have to reach the data plane in another way (default: false)",
    ),
    Flag.withDefault(DEFAULTS.allowReachChange),
  ),
};

const telemetry = {
  enableOtelCollector: Flag.Boolean("enable-otel-collector").pipe(
    Flag.withDescription("Override whether the OTel collector runs (default: carry-forward)"),
    Flag.optional,
  ),
  otelCollectorEndpoint: matching("otel-collector-endpoint", /^\S*$/, "a URL without spaces").pipe(
    Flag.withDescription("Override the OTel OTLP endpoint (default: carry-forward)"),
    Flag.withMetavar("URL"),
    Flag.optional,
  ),
  otelExporterAuthHeaders: Flag.Redacted("otel-exporter-auth-headers").pipe(
    Flag.withDescription(
      "Override the OTel Authorization header; @FILE reads it from a file, TARE_OTEL_EXPORTER_AUTH_HEADERS from the environment (default: carry-forward)",
    ),
    Flag.withMetavar("H"),
    Flag.withFallbackConfig(Config.Redacted("TARE_OTEL_EXPORTER_AUTH_HEADERS")),
    Flag.optional,
  ),
  strictValues: Flag.Boolean("strict-values").pipe(
    Flag.withDescription(
      "Refuse to upgrade when a user-supplied value would not be carried forward (default: false)",
    ),
    Flag.withDefault(DEFAULTS.strictValues),
  ),
};

const advanced = {
  ...releaseFlags,
  dataplaneNamespace: namespace("dataplane-namespace", DEFAULTS.dataplaneNamespace),
  chartPath: Flag.String("chart-path").pipe(Flag.withHidden, Flag.optional),
  chartVersion: Flag.String("chart-version").pipe(Flag.withHidden, Flag.optional),
  imageRegistry: matching(
    "image-registry",
    IMAGE_REGISTRY,
    "a registry with an optional path, e.g. gcr.io/acme/tars",
  ).pipe(Flag.withHidden, Flag.optional),
  imageTag: matching("image-tag", IMAGE_TAG, "an image tag, e.g. 1.2.0").pipe(
    Flag.withHidden,
    Flag.optional,
  ),
  deploymentMode: Flag.Literals("deployment-mode", ["enterprise", "saas"]).pipe(
    Flag.withHidden,
    Flag.optional,
  ),
  customer: Flag.String("customer").pipe(Flag.withHidden, Flag.optional),
  environment: Flag.String("environment").pipe(Flag.withHidden, Flag.optional),
  serveUrl: url("serve-url").pipe(Flag.withHidden, Flag.optional),
  redisType: Flag.Literals("redis-type", REDIS_TYPES).pipe(Flag.withHidden, Flag.optional),
  noRateLimiting: Flag.Boolean("no-rate-limiting").pipe(
    Flag.withHidden,
    Flag.withNegation("rate-limiting"),
    Flag.optional,
  ),
  skipPreflight: Flag.Boolean("skip-preflight").pipe(
    Flag.withHidden,
    Flag.withDefault(environmentBoolean("TARE_SKIP_PREFLIGHT")),
  ),
  settleTime: duration("settle-time").pipe(Flag.withHidden, Flag.withDefault(DEFAULTS.settleTime)),
};

export const upgradeFlags = {
  ...main,
  output: outputFlag,
  ...values,
  ...telemetry,
  ...clusterFlags,
  toolsDir: toolsDirFlag,
  ...advanced,
};
