import { INSTALL, type Operation, UNINSTALL, UPGRADE } from "../run/operation.ts";

/**
 * Commands printed for the operator to paste. They reach the same cluster as this run did: the context in use is always
 * named for helm and kubectl, and the kubeconfig whenever it is not the one every shell finds by itself.
 */
export interface OperatorEnvironment {
  readonly context: string | undefined;
  /** Set when a flag or `KUBECONFIG` chose it, and it is there to be read again. */
  readonly kubeconfig: string | undefined;
  /** `KUBECONFIG` where it names several files: helm and kubectl take no more than one as a flag. */
  readonly kubeconfigs?: string | undefined;
  /** The kubeconfig came through a pipe, which cannot be read a second time. */
  readonly isKubeconfigGone?: boolean;
  /** `helm` when that is what the PATH would run, else the full path. */
  readonly helm: string;
  readonly kubectl: string;
  /** As the operator typed it. */
  readonly identityFile: string;
  /** `--kubeconfig` and `--context` as given to this run; nothing when they were not. */
  readonly clusterFlags: ReadonlyArray<GivenFlag>;
  /** Every other flag this run was given, so that a repeated run is the same run. Secrets are not among them. */
  readonly upgradeFlags: ReadonlyArray<GivenFlag>;
  /** Of the run that these flags were given to; an upgrade where it is left out. */
  readonly command?: "install" | "upgrade" | "uninstall";
  /** Of another operation than these: what was run, with its words but those that say which cluster. */
  readonly ran?: { readonly operation: Operation; readonly words: ReadonlyArray<string> };
}

export interface GivenFlag {
  /** Without the dashes. */
  readonly name: string;
  readonly words: ReadonlyArray<string>;
}

/** Which release it is holds for every command. */
const OF_RELEASE = new Set(["release-name", "system-namespace", "dataplane-namespace"]);

/** Which images they are holds wherever these are brought to a registry. */
const OF_IMAGES = new Set(["chart-path", "chart-version", "image-tag", "values"]);

const REPEATABLE = ["keep", "values"];

/** A shell expands `~` (zsh `=` too) where a word begins. */
const SAFE_WORD = /^(?![~=])[A-Za-z0-9_@%+=:,./~-]+$/;

/** Quotes for a POSIX shell, only where it is needed. */
export const shellQuote = (word: string): string =>
  SAFE_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** Flags as one pasteable text: a shell must not run what a value holds. */
export const quotedWords = (flags: string): string => join(...flags.split(" "));

const join = (...words: ReadonlyArray<string>): string => words.map(shellQuote).join(" ");

type ClusterEnvironment = Pick<OperatorEnvironment, "context" | "kubeconfig" | "kubeconfigs">;

/** With several kubeconfigs in front, whether or not the shell has them. */
const joinFor = (env: ClusterEnvironment, ...words: ReadonlyArray<string>): string =>
  env.kubeconfigs === undefined
    ? join(...words)
    : `KUBECONFIG=${shellQuote(env.kubeconfigs)} ${join(...words)}`;

const option = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, value];

export const helmCommand = (env: OperatorEnvironment, ...words: ReadonlyArray<string>): string =>
  joinFor(
    env,
    env.helm,
    ...words,
    ...option("--kube-context", env.context),
    ...option("--kubeconfig", env.kubeconfig),
  );

export type KubectlEnvironment = ClusterEnvironment & Pick<OperatorEnvironment, "kubectl">;

export const kubectlCommand = (env: KubectlEnvironment, ...words: ReadonlyArray<string>): string =>
  joinFor(
    env,
    env.kubectl,
    ...words,
    ...option("--context", env.context),
    ...option("--kubeconfig", env.kubeconfig),
  );

/**
 * `tare <command> [before] <identity file> [after]` with the flags of this run. A flag named in `before` or `after`
 * replaces the one given.
 */
export const tareCommand = (
  env: OperatorEnvironment,
  wanted: "install" | "upgrade" | "uninstall" | "same",
  {
    before = [],
    after = [],
  }: { before?: ReadonlyArray<string>; after?: ReadonlyArray<string> } = {},
): string => {
  const own = env.command ?? "upgrade";
  const command = wanted === "same" ? own : wanted;
  const named = new Set(
    [...before, ...after].flatMap((word) => /^--([^=]+)/.exec(word)?.slice(1) ?? []),
  );
  const isSync = named.has("image-sync");
  // A repeated flag adds to what was given.
  for (const name of REPEATABLE) named.delete(name);
  const ofRun = env.upgradeFlags.filter(
    ({ name }) => command === own || OF_RELEASE.has(name) || (isSync && OF_IMAGES.has(name)),
  );
  const given = [...ofRun, ...env.clusterFlags]
    .filter(({ name }) => !named.has(name))
    .flatMap(({ words }) => words);
  return join("tare", command, ...before, env.identityFile, ...after, ...given);
};

const OPERATIONS = { install: INSTALL, upgrade: UPGRADE, uninstall: UNINSTALL } as const;

/** What was run. */
export const operationOf = ({ ran, command = "upgrade" }: OperatorEnvironment): Operation =>
  ran?.operation ?? OPERATIONS[command];

/** What was run, once more. */
export const sameCommand = (env: OperatorEnvironment): string => {
  if (env.ran === undefined) return tareCommand(env, "same");
  const { operation, words } = env.ran;
  const cluster = env.clusterFlags.flatMap((flag) => flag.words);
  return join("tare", operation.command, ...words, ...cluster);
};
