import { readFileSync } from "node:fs";
import { Duration, Effect, Option, Redacted } from "effect";
import type { Command } from "effect/cli";
import type { GivenFlag } from "../../domain/hints/operator-commands.ts";
import { isOpenToOthers } from "../../domain/identity/plain-http.ts";
import {
  type ChartReference,
  DEFAULT_UPGRADE_OPTIONS as DEFAULTS,
  type UpgradeOptions,
} from "../../domain/run/upgrade-options.ts";
import type { FlagValue } from "../../domain/values/carry-over.ts";
import { InvalidFlag } from "../../errors.ts";
import { warn } from "../../services/report/Reporter.ts";
import { givenFlags } from "./declared-flag.ts";
import { CLUSTER_FLAGS, type identityFile } from "./shared-flags.ts";
import { UPGRADE_FLAGS, type upgradeFlags } from "./upgrade-flags.ts";
import { readValues } from "./values-file.ts";

/** What the command line parses to. */
export type UpgradeInput = Command.Command.Config.Infer<
  typeof upgradeFlags & { readonly identityFile: typeof identityFile }
>;

const REMOTE = /^(oci|https?):\/\//;

export const chartReference = Effect.fnUntraced(function* (
  input: Pick<UpgradeInput, "chartPath" | "chartVersion">,
) {
  const version = Option.getOrUndefined(input.chartVersion);
  const path = Option.getOrUndefined(input.chartPath);
  if (path !== undefined && REMOTE.test(path)) {
    if (isOpenToOthers(path)) {
      yield* warn({ code: "chart-reference-insecure" });
    }
    return { _tag: "Remote", url: path, version } satisfies ChartReference;
  }
  if (version !== undefined) {
    return yield* new InvalidFlag({
      flag: "chart-version",
      expected: "it goes with a --chart-path that is an oci:// or https:// reference",
    });
  }
  const reference: ChartReference =
    path === undefined ? { _tag: "Embedded" } : { _tag: "Local", path };
  return reference;
});

/** A secret flag's value, or the content of the file it names with `@`. */
const secretOf = Effect.fnUntraced(function* (flag: string, value: Redacted.Redacted<string>) {
  const text = Redacted.value(value);
  const content = !text.startsWith("@")
    ? text
    : yield* Effect.try({
        try: () => readFileSync(text.slice(1), "utf8").trim(),
        catch: () => new InvalidFlag({ flag, expected: `${text.slice(1)} cannot be read` }),
      });
  if (/[\r\n]/.test(content)) {
    return yield* new InvalidFlag({ flag, expected: "expected one line, as an HTTP header is" });
  }
  return Redacted.make(content, { label: flag });
});

/** It goes into values, texts and what others are told, and what is wrong with it must not quote it. */
const requireNoLogin = (flag: string, url: string) => {
  const parsed = URL.parse(url);
  return parsed === null || (parsed.username === "" && parsed.password === "")
    ? Effect.void
    : new InvalidFlag({ flag, expected: "expected a URL without a login in it" });
};

const carriedFlags = Effect.fnUntraced(function* (input: UpgradeInput) {
  const flags = new Map<string, FlagValue>();
  yield* requireNoLogin(
    "serve-url",
    Option.getOrElse(input.serveUrl, () => ""),
  );
  const plain: ReadonlyArray<readonly [string, Option.Option<string | boolean>]> = [
    ["image-registry", input.imageRegistry],
    ["customer", input.customer],
    ["environment", input.environment],
    ["deployment-mode", input.deploymentMode],
    ["serve-url", input.serveUrl],
    ["enable-otel-collector", input.enableOtelCollector],
    ["otel-collector-endpoint", input.otelCollectorEndpoint],
  ];
  for (const [name, value] of plain) {
    if (Option.isSome(value)) flags.set(name, value.value);
  }
  if (Option.isSome(input.otelExporterAuthHeaders)) {
    const name = "otel-exporter-auth-headers";
    flags.set(name, yield* secretOf(name, input.otelExporterAuthHeaders.value));
  }
  return flags;
});

/** A flag decides, also where it says what the default would have been. */
const decidedPaths = (input: UpgradeInput): ReadonlyArray<string> => {
  const flags: ReadonlyArray<readonly [string, Option.Option<unknown>]> = [
    ["ha.enabled", input.ha],
    ["shutdown.drainTimeout", input.drainTimeoutSeconds],
    ["redis.type", input.redisType],
    ["rateLimiting.enabled", input.noRateLimiting],
  ];
  return flags.flatMap(([path, given]) => (Option.isSome(given) ? [path] : []));
};

export const upgradeOptions = Effect.fnUntraced(function* (input: UpgradeInput) {
  const options: UpgradeOptions = {
    release: { name: input.releaseName, namespace: input.systemNamespace },
    dataplaneNamespace: input.dataplaneNamespace,
    allowDowntime: input.allowDowntime,
    allowDowngrade: input.allowDowngrade,
    ha: Option.getOrElse(input.ha, () => DEFAULTS.ha),
    drainTimeout: Option.match(input.drainTimeoutSeconds, {
      onNone: () => DEFAULTS.drainTimeout,
      onSome: Duration.seconds,
    }),
    atomic: !input.noAtomic,
    timeout: input.timeout,
    settleTime: input.settleTime,
    failFast: input.failFast,
    lockTimeout: input.lockTimeout,
    recover: input.recover,
    chart: yield* chartReference(input),
    carriedFlags: yield* carriedFlags(input),
    imageTag: Option.getOrUndefined(input.imageTag),
    redisType: Option.getOrElse(input.redisType, () => DEFAULTS.redisType),
    rateLimiting: !Option.getOrElse(input.noRateLimiting, () => !DEFAULTS.rateLimiting),
    decided: decidedPaths(input),
    skipPreflight: input.skipPreflight,
    strictValues: input.strictValues,
    keep: input.keep,
    values: yield* readValues(input.values),
    allowReachChange: input.allowReachChange,
    onConflict: input.onConflict,
  };
  return options;
});

/** Which cluster, for the commands that are printed. */
export const givenClusterFlags = (
  input: Pick<UpgradeInput, "kubeconfig" | "context">,
): ReadonlyArray<GivenFlag> => givenFlags(CLUSTER_FLAGS, input);

/** The other flags that make this run differ from a bare one, for the commands that are printed. */
export const givenUpgradeFlags = (input: UpgradeInput): ReadonlyArray<GivenFlag> => {
  const { kubeconfig, context, ...others } = UPGRADE_FLAGS;
  return givenFlags(others, input);
};
