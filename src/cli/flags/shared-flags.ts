/** Flags of more than one command: which cluster, which release, which tools. */
import { Argument, Flag } from "effect/cli";
import { DEFAULT_RELEASE } from "../../domain/run/upgrade-options.ts";
import { declare, flagsOf, givenFlags, optional, wordsUnless } from "./declared-flag.ts";
import { matching } from "./kinds.ts";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const RELEASE_NAME =
  /^(?=.{1,53}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export const identityFile = Argument.String("identity-file").pipe(
  Argument.withDescription("The service account file that tare install was given"),
);

export const namespace = (
  name: string,
  preset: string,
  help: string,
  aliases: ReadonlyArray<string> = [],
) =>
  declare(
    name,
    aliases.reduce<Flag.Flag<string>>(
      (flag, alias) => Flag.withAlias(flag, alias),
      matching(name, DNS_LABEL, "a Kubernetes namespace, e.g. tars-system").pipe(
        Flag.withDefault(preset),
      ),
    ),
    { help, preset, metavar: "NAMESPACE", isAdvanced: true },
    wordsUnless(name, preset),
  );

/** Which cluster: the same two flags on every command that talks to one. */
export const CLUSTER_FLAGS = {
  kubeconfig: optional("kubeconfig", Flag.String("kubeconfig"), {
    help: "Path of the kubeconfig file",
    preset: "KUBECONFIG, else ~/.kube/config",
    metavar: "FILE",
    page: "docs/cluster-access.md",
  }),
  context: optional("context", Flag.String("context"), {
    help: "Name of the kubeconfig context",
    preset: "the current one",
  }),
};

export const TOOLS_DIR_FLAG = optional("tools-dir", Flag.String("tools-dir"), {
  help: "Folder of the downloaded helm, kubectl and crane",
  preset: "~/.tare/tools",
  metavar: "DIR",
  page: "docs/tools.md",
});

/** Which release: not among the flags that help shows, since nearly every cluster has the same one. */
export const RELEASE_FLAGS = {
  releaseName: declare(
    "release-name",
    matching("release-name", RELEASE_NAME, "a Helm release name, e.g. tars").pipe(
      Flag.withDefault(DEFAULT_RELEASE.name),
    ),
    { help: "The Helm release", preset: DEFAULT_RELEASE.name, metavar: "NAME", isAdvanced: true },
    wordsUnless("release-name", DEFAULT_RELEASE.name),
  ),
  systemNamespace: namespace(
    "system-namespace",
    DEFAULT_RELEASE.namespace,
    "Namespace of the release: the controllers, Redis, the collector; also -n, --namespace",
    ["namespace", "n"],
  ),
};

export const clusterFlags = flagsOf(CLUSTER_FLAGS);
export const releaseFlags = flagsOf(RELEASE_FLAGS);

/** Which release it is about, for the commands that are printed. */
export const releaseWords = (given: {
  readonly releaseName: string;
  readonly systemNamespace: string;
}): ReadonlyArray<string> => givenFlags(RELEASE_FLAGS, given).flatMap(({ words }) => words);
