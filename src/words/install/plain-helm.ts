/** The steps of a team that runs Helm itself: what tare would do besides, and the Helm command that tare would run. */
import { upgradeArguments } from "../../domain/helm/arguments.ts";
import type { HelmVersion } from "../../domain/helm/version.ts";
import { type Hint, helm, hint, kubectl, NOT_INSTALLING, tare } from "../../domain/hints/hint.ts";
import { IDENTITY_SECRET } from "../../domain/identity/identity-secret.ts";
import type { InstallOptions } from "../../domain/install/options.ts";
import { PULL_SECRET } from "../../domain/install/pull-secret.ts";

interface PlainHelm {
  readonly options: Pick<
    InstallOptions,
    "release" | "dataplaneNamespace" | "timeout" | "atomic" | "wait" | "chart"
  >;
  readonly version: HelmVersion;
  /** Path or reference of the chart, or a word in its place. */
  readonly chart: string;
  readonly valuesFile: string;
  readonly identityFile: string;
  /** Nothing is installed yet: neither namespace nor identity need be there. */
  readonly isFirst: boolean;
  /** A pull secret was given to this run, and is to be made. */
  readonly hasPullSecret: boolean;
}

/** As tare runs it. */
const helmUpgrade = ({ options, version, chart, valuesFile }: PlainHelm) => {
  const { release, timeout, wait } = options;
  const atomic = options.atomic && wait;
  const remote = options.chart._tag === "Remote" ? options.chart.version : undefined;
  return helm(
    ...upgradeArguments(version, { release, chart, valuesFile, timeout, atomic, wait }),
    ...(remote === undefined ? [] : ["--version", remote]),
  );
};

const pullSecretIn = (namespace: string) =>
  kubectl(
    ...["create", "secret", "generic", PULL_SECRET, "-n", namespace],
    ...["--type=kubernetes.io/dockerconfigjson", "--from-file=.dockerconfigjson=DOCKER_CONFIG"],
  );

const prepared = (steps: PlainHelm): ReadonlyArray<Hint> => {
  const { release, dataplaneNamespace } = steps.options;
  const { namespace } = release;
  return [
    ...(steps.isFirst
      ? [
          hint(
            "Once, the namespace and the identity in it:",
            kubectl("create", "namespace", namespace),
            kubectl(
              ...["create", "secret", "generic", IDENTITY_SECRET, "-n", namespace],
              `--from-file=identity.json=${steps.identityFile}`,
            ),
          ),
        ]
      : []),
    ...(steps.hasPullSecret
      ? [
          hint(
            "The pull secret, in both namespaces; the chart makes that of the data plane:",
            ...[...new Set([namespace, dataplaneNamespace])].map(pullSecretIn),
          ),
        ]
      : []),
  ];
};

/** What is left to do once the values are there. */
export const stepsAfterValues = (steps: PlainHelm): ReadonlyArray<Hint> => [
  hint(
    "First the CRDs, which Helm neither creates nor updates:",
    tare("install", { after: ["--crds-only"], without: NOT_INSTALLING }),
  ),
  ...prepared(steps),
  hint("Then the release:", helmUpgrade(steps)),
];

/** What is left to do once the CRDs are there. */
export const stepsAfterCrds = (steps: PlainHelm): ReadonlyArray<Hint> => [
  hint(
    "Then the values:",
    tare("install", { after: ["--values-out", steps.valuesFile], without: NOT_INSTALLING }),
  ),
  ...prepared(steps),
  hint("And the release:", helmUpgrade(steps)),
];
