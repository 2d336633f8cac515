/**
 * Commands printed for the operator to paste. They reach the same cluster as this run did: the context in use is always
 * named for helm and kubectl, and the kubeconfig whenever it is not the one every shell finds by itself.
 */
export interface OperatorEnvironment {
  readonly context: string | undefined;
  /** Set when a flag or `KUBECONFIG` chose it. */
  readonly kubeconfig: string | undefined;
  /** `helm` when that is what the PATH would run, else the full path. */
  readonly helm: string;
  readonly kubectl: string;
  /** As the operator typed it. */
  readonly identityFile: string;
  /** `--kubeconfig` and `--context` as given to this run; nothing when they were not. */
  readonly tareFlags: ReadonlyArray<string>;
}

const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./~-]+$/;

/** Quotes for a POSIX shell, only where it is needed. */
export const shellQuote = (word: string): string =>
  SAFE_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const join = (...words: ReadonlyArray<string>): string => words.map(shellQuote).join(" ");

const option = (name: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [name, value];

export const helmCommand = (env: OperatorEnvironment, ...words: ReadonlyArray<string>): string =>
  join(
    env.helm,
    ...words,
    ...option("--kube-context", env.context),
    ...option("--kubeconfig", env.kubeconfig),
  );

export const kubectlCommand = (env: OperatorEnvironment, ...words: ReadonlyArray<string>): string =>
  join(
    env.kubectl,
    ...words,
    ...option("--context", env.context),
    ...option("--kubeconfig", env.kubeconfig),
  );

/** `tare <command> … <identity file>`, flags before the file as the document writes them when `after` is empty. */
export const tareCommand = (
  env: OperatorEnvironment,
  command: string,
  {
    before = [],
    after = [],
  }: { before?: ReadonlyArray<string>; after?: ReadonlyArray<string> } = {},
): string => join("tare", command, ...before, env.identityFile, ...after, ...env.tareFlags);
