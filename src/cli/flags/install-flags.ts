/** The flags of `tare install`. */
import { Config, Option } from "effect";
import { Flag } from "effect/cli";
import { DEFAULT_INSTALL_OPTIONS as DEFAULTS } from "../../domain/install/options.ts";
import { declare, flagsOf, optional, toggle, wordsUnless } from "./declared-flag.ts";
import { matching, url } from "./kinds.ts";
import { DEPLOYMENT_MODES, imageRegistry, NAMED_REGISTRY, UPGRADE_FLAGS } from "./upgrade-flags.ts";

/** The default of a flag without which a release that runs keeps its value. */
const KEPT = "that of the release, if there is one";

const text = (name: string, help: string, variable: string, more: { preset?: string } = {}) =>
  optional(name, Flag.String(name).pipe(Flag.withFallbackConfig(Config.NonEmptyString(variable))), {
    help: `${help}; also ${variable}`,
    preset: more.preset ?? KEPT,
    metavar: "NAME",
  });

const MAIN = {
  yes: toggle("yes", false, { help: "Begin without asking; needed where there is no terminal" }),
  ha: UPGRADE_FLAGS.ha,
  imageRegistry: optional(
    "image-registry",
    imageRegistry.pipe(Flag.withFallbackConfig(Config.NonEmptyString("TARE_IMAGE_REGISTRY"))),
    {
      help: "The registry that the images come from; also TARE_IMAGE_REGISTRY",
      preset: KEPT,
      metavar: "REGISTRY",
    },
  ),
  imagePullSecretStdin: toggle("image-pull-secret-stdin", false, {
    help: "Read a dockerconfigjson for the images from stdin; its Secret is made in both namespaces",
  }),
  imagePullSecret: declare(
    "image-pull-secret",
    Flag.optional(Flag.String("image-pull-secret")),
    {
      help: "Name of a pull Secret that is in both namespaces already; @FILE makes one from a dockerconfigjson, as TARE_IMAGE_PULL_SECRET does",
      preset: "none",
      metavar: "NAME",
    },
    (given) => (Option.isSome(given) ? ["--image-pull-secret", given.value] : []),
  ),
  imageSync: optional(
    "image-sync",
    matching(
      "image-sync",
      NAMED_REGISTRY,
      "a registry with an optional path, e.g. registry.example.com/tars",
    ),
    {
      help: "Copy the images that are missing there to this registry first, and install from it",
      preset: "none",
      metavar: "REGISTRY",
      page: "docs/images.md",
    },
  ),
  syncOnly: toggle("sync-only", false, {
    help: "End after --image-sync, without asking the cluster anything",
  }),
  customer: text("customer", "The customer's name", "TARE_CUSTOMER", {
    preset: "that of the release or the identity file",
  }),
  environment: text("environment", "The environment's name", "TARE_ENVIRONMENT", {
    preset: "that of the release or the identity file",
  }),
  deploymentMode: optional("deployment-mode", Flag.Literals("deployment-mode", DEPLOYMENT_MODES), {
    help: "enterprise, or saas, which needs a customer and an environment",
    preset: KEPT,
    metavar: "MODE",
  }),
  serveUrl: optional("serve-url", url("serve-url"), {
    help: "The URL at which clients reach the gateway; registered with the management plane first",
    preset: KEPT,
    metavar: "URL",
  }),
  drainTimeoutSeconds: UPGRADE_FLAGS.drainTimeoutSeconds,
  plan: toggle("plan", false, {
    help: "Show what the installation would do without writing anything; exit 0: no changes, 3: changes",
    page: "docs/plan.md",
  }),
  noAtomic: toggle(
    "no-atomic",
    !DEFAULTS.atomic,
    { help: "Leave what failed in place instead of removing it" },
    Flag.withNegation(Flag.Boolean("no-atomic"), "atomic"),
  ),
  wait: toggle("wait", DEFAULTS.wait, {
    help: "Wait until the release and its data plane are up; `--wait=false` ends with Helm's last write, and removes nothing that fails later",
  }),
  failFast: toggle("fail-fast", DEFAULTS.failFast, {
    help: "End the installation as soon as a new pod cannot recover, instead of waiting for the timeout",
    page: "docs/rollout.md",
  }),
  timeout: UPGRADE_FLAGS.timeout,
  recover: declare<boolean>(
    "recover",
    Flag.withDefault(Flag.Boolean("recover"), DEFAULTS.recover),
    {
      help: "Remove an installation that never worked first, or roll one that was interrupted back",
      preset: "ask on a terminal, else refuse",
    },
    wordsUnless("recover", DEFAULTS.recover),
  ),
  lockTimeout: UPGRADE_FLAGS.lockTimeout,
  output: UPGRADE_FLAGS.output,
  values: UPGRADE_FLAGS.values,
  allowReachChange: UPGRADE_FLAGS.allowReachChange,
  printValues: toggle("print-values", false, {
    help: "For a team that runs Helm itself: print the values on stdout and the helm command on stderr, and write nothing",
  }),
  valuesOut: optional("values-out", Flag.String("values-out"), {
    help: "The same, with the values in a new file of mode 0600",
    preset: "none",
    metavar: "FILE",
  }),
  crdsOnly: toggle("crds-only", false, {
    help: "For a team that runs Helm itself: create and update the CRDs, and nothing else",
  }),
};

/** Every flag of `tare install`, in the order of help, docs and printed commands. */
export const INSTALL_FLAGS = {
  ...MAIN,
  enableOtelCollector: UPGRADE_FLAGS.enableOtelCollector,
  otelCollectorEndpoint: UPGRADE_FLAGS.otelCollectorEndpoint,
  otelExporterAuthHeaders: UPGRADE_FLAGS.otelExporterAuthHeaders,
  kubeconfig: UPGRADE_FLAGS.kubeconfig,
  context: UPGRADE_FLAGS.context,
  toolsDir: UPGRADE_FLAGS.toolsDir,
  releaseName: UPGRADE_FLAGS.releaseName,
  systemNamespace: UPGRADE_FLAGS.systemNamespace,
  dataplaneNamespace: UPGRADE_FLAGS.dataplaneNamespace,
  chartPath: UPGRADE_FLAGS.chartPath,
  chartVersion: UPGRADE_FLAGS.chartVersion,
  imageTag: UPGRADE_FLAGS.imageTag,
  redisType: UPGRADE_FLAGS.redisType,
  noRateLimiting: UPGRADE_FLAGS.noRateLimiting,
  skipPreflight: UPGRADE_FLAGS.skipPreflight,
  settleTime: UPGRADE_FLAGS.settleTime,
};

export const installFlags = flagsOf(INSTALL_FLAGS);
