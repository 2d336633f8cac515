/** Finds, reads and merges kubeconfig files as kubectl does. */

import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { Effect } from "effect";
import type { ClusterChoice } from "../../../domain/kube/cluster-choice.ts";
import { userHome } from "../../disk/home.ts";
import { KubectlError } from "../Kubectl.ts";
import { decodeKubeconfig, type Kubeconfig, type UserEntry } from "./decode.ts";
import { type Fault, isFault, parseGoYaml } from "./go-yaml.ts";

export interface LoadedKubeconfig {
  readonly config: Kubeconfig;
  /** The files that were looked for, existing or not. */
  readonly files: ReadonlyArray<string>;
  /** A pipe among them, such as the shell's `<(…)`: it cannot be read a second time. */
  readonly readableOnce: boolean;
}

export const badKubeconfig = (detail: string): KubectlError =>
  new KubectlError({ reason: "BadKubeconfig", request: "read the kubeconfig", detail });

/** Where and what, without a word of what the file says: it may be a password. */
export const describeFault = (file: string, { line, field, problem }: Fault): string =>
  `${file}:${line}: ${field === "" ? "" : `${field}: `}${problem}`;

/** In the order in which they count. Like kubectl, a `KUBECONFIG` of missing files leaves `~/.kube/config` alone. */
export const kubeconfigFiles = (
  { kubeconfig = "" }: Pick<ClusterChoice, "kubeconfig">,
  variable: string = process.env.KUBECONFIG ?? "",
): ReadonlyArray<string> => {
  if (kubeconfig !== "") return [kubeconfig];
  const home = userHome();
  if (variable === "") return home === undefined ? [] : [join(home, ".kube", "config")];
  return [...new Set(variable.split(delimiter))].filter((file) => file !== "");
};

/** A text in one of the encodings YAML may have; `undefined` when it is in none. */
const decodeText = (bytes: Uint8Array): string | undefined => {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

type ParsedKubeconfig =
  | { readonly _tag: "Parsed"; readonly config: Kubeconfig }
  | { readonly _tag: "Faulty"; readonly faults: ReadonlyArray<Fault> };

export const parseKubeconfig = (bytes: Uint8Array, file: string): ParsedKubeconfig => {
  const text = decodeText(bytes);
  if (text === undefined) {
    return {
      _tag: "Faulty",
      faults: [{ line: 1, field: "", problem: "it is not a text in UTF-8" }],
    };
  }
  const value = parseGoYaml(text);
  if (isFault(value)) return { _tag: "Faulty", faults: [value] };
  const { config, faults } = decodeKubeconfig(value, file);
  return faults.length > 0 ? { _tag: "Faulty", faults } : { _tag: "Parsed", config };
};

/** Relative paths start at the folder of their own file; a plugin without a slash is looked for in `PATH`. */
const resolvePaths = (config: Kubeconfig, file: string): Kubeconfig => {
  const base = resolve(dirname(file));
  const path = (name: string) => (name === "" || isAbsolute(name) ? name : join(base, name));
  const user = (entry: UserEntry): UserEntry => ({
    ...entry,
    certFile: path(entry.certFile),
    keyFile: path(entry.keyFile),
    tokenFile: path(entry.tokenFile),
    exec: entry.exec && {
      ...entry.exec,
      command: entry.exec.command.includes(sep) ? path(entry.exec.command) : entry.exec.command,
    },
  });
  return {
    ...config,
    clusters: new Map(
      [...config.clusters].map(([name, entry]) => [name, { ...entry, caFile: path(entry.caFile) }]),
    ),
    users: new Map([...config.users].map(([name, entry]) => [name, user(entry)])),
  };
};

const EMPTY: Kubeconfig = {
  currentContext: "",
  currentContextOrigin: undefined,
  clusters: new Map(),
  contexts: new Map(),
  users: new Map(),
};

/** Of two entries with one name the first counts, as a whole. */
const mergeKubeconfigs = (configs: ReadonlyArray<Kubeconfig>): Kubeconfig =>
  configs.reduce(
    (merged, next) => ({
      ...(merged.currentContext === "" ? next : merged),
      clusters: new Map([...next.clusters, ...merged.clusters]),
      contexts: new Map([...next.contexts, ...merged.contexts]),
      users: new Map([...next.users, ...merged.users]),
    }),
    EMPTY,
  );

interface ReadFile {
  readonly bytes: Uint8Array;
  readonly isRegular: boolean;
}

const reasonOf = (cause: unknown): string => {
  switch ((cause as { readonly code?: unknown } | null)?.code) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "is a folder";
    case "ENOTDIR":
      return "its folder is a file";
    default:
      return "cannot be read";
  }
};

const isMissing = (cause: unknown): boolean =>
  (cause as { readonly code?: unknown } | null)?.code === "ENOENT";

/** `undefined` when there is none. */
const readKubeconfig = (file: string): Effect.Effect<ReadFile | undefined, string> =>
  Effect.tryPromise({
    try: async () => {
      // A file is read at once, which is quicker; a pipe takes as long as its writer.
      const isRegular = statSync(file).isFile();
      return { bytes: isRegular ? readFileSync(file) : await readFile(file), isRegular };
    },
    catch: (cause) => cause,
  }).pipe(
    Effect.catchIf(isMissing, () => Effect.succeed(undefined)),
    Effect.mapError(reasonOf),
  );

export const loadKubeconfig = Effect.fn("kube.kubeconfig")(function* (choice: ClusterChoice) {
  const files = kubeconfigFiles(choice);
  const configs: Array<Kubeconfig> = [];
  let readableOnce = false;
  for (const file of files) {
    const found = yield* Effect.mapError(readKubeconfig(file), (reason) =>
      badKubeconfig(`${file}: ${reason}`),
    );
    if (found === undefined) {
      if (file === choice.kubeconfig) return yield* badKubeconfig(`no such file: ${file}`);
      continue;
    }
    readableOnce ||= !found.isRegular;
    const parsed = parseKubeconfig(found.bytes, file);
    if (parsed._tag === "Faulty") {
      return yield* badKubeconfig(
        parsed.faults.map((fault) => describeFault(file, fault)).join("; "),
      );
    }
    configs.push(resolvePaths(parsed.config, file));
  }
  const loaded: LoadedKubeconfig = { config: mergeKubeconfigs(configs), files, readableOnce };
  return loaded;
});
