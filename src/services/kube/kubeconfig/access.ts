/** From a merged kubeconfig to what one context means: the server, how to trust it, and how to prove who one is. */
import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { Effect } from "effect";
import type { ClusterEntry, ExecEntry, Origin, UserEntry } from "./decode.ts";
import { badKubeconfig, describeFault, type LoadedKubeconfig } from "./load.ts";
import { parseServer, type Server } from "./server.ts";

/** Given as text (PEM) or as a file that is read again when it changes. */
export type Pem =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "File"; readonly file: string };

export type Login =
  | { readonly _tag: "Anonymous" }
  | { readonly _tag: "Token"; readonly token: string }
  /** `fallback` counts while the file cannot be read. */
  | { readonly _tag: "TokenFile"; readonly file: string; readonly fallback: string }
  | { readonly _tag: "Basic"; readonly username: string; readonly password: string }
  | { readonly _tag: "Exec"; readonly exec: ExecEntry }
  | { readonly _tag: "Oidc"; readonly user: string; readonly config: ReadonlyMap<string, string> };

export interface ClusterAccess {
  /** `undefined` for a pod's own account. */
  readonly context: string | undefined;
  readonly server: Server;
  readonly ca: Pem | undefined;
  readonly insecure: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean;
  readonly login: Login;
  readonly certificate: { readonly cert: Pem; readonly key: Pem } | undefined;
  readonly impersonation: Readonly<Record<string, string | ReadonlyArray<string>>>;
  readonly execConfig: unknown;
  /** The entries it was made of; none for a pod's own account. */
  readonly entries: { readonly cluster: ClusterEntry; readonly user: UserEntry } | undefined;
}

/** A mistake in an entry, told by its field. */
const wrong = (origin: Origin, field: string, problem: string) =>
  badKubeconfig(
    describeFault(origin.file, {
      line: origin.lines.get(field) ?? origin.line,
      field: `${origin.path}.${field}`,
      problem,
    }),
  );

const EXEC_VERSIONS = ["v1", "v1beta1"].map((version) => `client.authentication.k8s.io/${version}`);
const INTERACTIVE_MODES = ["Never", "IfAvailable", "Always"];
const PROXY_SCHEMES = ["http:", "https:", "socks5:"];

const pem = (text: string, file: string): Pem | undefined => {
  if (text !== "") return { _tag: "Text", text };
  return file === "" ? undefined : { _tag: "File", file };
};

const readable = (origin: Origin, field: string, file: string) =>
  file === ""
    ? Effect.void
    : Effect.tryPromise({
        try: () => access(file, constants.R_OK),
        catch: () => wrong(origin, field, "the file it names cannot be read"),
      });

const checkCluster = Effect.fnUntraced(function* (entry: ClusterEntry) {
  const { origin } = entry;
  if (entry.server === "") return yield* wrong(origin, "server", "is missing");
  const server = parseServer(entry.server);
  if (server === undefined) return yield* wrong(origin, "server", "is not a URL or host:port");
  if (entry.proxyUrl !== "") {
    const url = URL.parse(entry.proxyUrl);
    if (url === null || !PROXY_SCHEMES.includes(url.protocol) || url.hostname === "") {
      return yield* wrong(origin, "proxy-url", "must be an http, https or socks5 URL");
    }
  }
  if (entry.caFile !== "" && entry.caData !== "") {
    const problem = "is given beside certificate-authority-data: only one of them may be";
    return yield* wrong(origin, "certificate-authority", problem);
  }
  yield* readable(origin, "certificate-authority", entry.caFile);
  const hasAuthority = entry.caFile !== "" || entry.caData !== "";
  if (server.isTls && entry.insecure && hasAuthority) {
    const problem = "is given beside a certificate authority: only one of them may be";
    return yield* wrong(origin, "insecure-skip-tls-verify", problem);
  }
  return server;
});

const checkExec = Effect.fnUntraced(function* ({ exec, origin, authProvider }: UserEntry) {
  if (exec === undefined) return;
  if (authProvider !== undefined) {
    return yield* wrong(origin, "exec", "is given beside auth-provider: only one of them may be");
  }
  if (exec.command === "") return yield* wrong(origin, "exec", "command is missing");
  if (exec.apiVersion === "") return yield* wrong(origin, "exec", "apiVersion is missing");
  if (exec.env.some(({ name }) => name === "")) {
    return yield* wrong(origin, "exec", "a variable of env has no name");
  }
  if (!INTERACTIVE_MODES.includes(exec.interactiveMode)) {
    const problem = `interactiveMode must be ${INTERACTIVE_MODES.join(", ")}`;
    return yield* wrong(origin, "exec", problem);
  }
});

const checkUser = Effect.fnUntraced(function* (entry: UserEntry) {
  const { origin } = entry;
  const hasBasic = entry.username !== "" || entry.password !== "";
  if (hasBasic && (entry.token !== "" || (entry.tokenFile !== "" && entry.username !== ""))) {
    const field = entry.username === "" ? "password" : "username";
    return yield* wrong(origin, field, "is given beside a token: only one of them may be");
  }
  if (entry.certFile !== "" || entry.certData !== "") {
    if (entry.certFile !== "" && entry.certData !== "") {
      const problem = "is given beside client-certificate-data: only one of them may be";
      return yield* wrong(origin, "client-certificate", problem);
    }
    if (entry.keyFile !== "" && entry.keyData !== "") {
      const problem = "is given beside client-key-data: only one of them may be";
      return yield* wrong(origin, "client-key", problem);
    }
    if (entry.keyFile === "" && entry.keyData === "") {
      const field = entry.certFile === "" ? "client-certificate-data" : "client-certificate";
      return yield* wrong(origin, field, "has no client-key or client-key-data beside it");
    }
    yield* readable(origin, "client-certificate", entry.certFile);
    yield* readable(origin, "client-key", entry.keyFile);
  }
  yield* checkExec(entry);
  const hasMore = entry.asUid !== "" || entry.asGroups.length > 0 || entry.asExtra.size > 0;
  if (hasMore && entry.as === "") {
    return yield* wrong(origin, "as", "is missing: as-uid, as-groups and as-user-extra need it");
  }
});

/** A name of extra information stands in a header's name, where not every letter may. */
const headerKey = (name: string): string =>
  [...Buffer.from(name)]
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+\-.^_`|~]/.test(letter)
        ? letter
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

const impersonationOf = (entry: UserEntry): ClusterAccess["impersonation"] =>
  entry.as === ""
    ? {}
    : {
        "Impersonate-User": entry.as,
        ...(entry.asUid === "" ? {} : { "Impersonate-Uid": entry.asUid }),
        ...(entry.asGroups.length === 0 ? {} : { "Impersonate-Group": entry.asGroups }),
        ...Object.fromEntries(
          [...entry.asExtra]
            .filter(([, values]) => values.length > 0)
            .map(([name, values]) => [`Impersonate-Extra-${headerKey(name)}`, values]),
        ),
      };

const REMOVED_PROVIDERS = ["gcp", "azure"];

const loginOf = Effect.fnUntraced(function* (entry: UserEntry, user: string) {
  const { origin, authProvider, exec } = entry;
  const chosen = (login: Login) => login;
  if (exec !== undefined && !EXEC_VERSIONS.includes(exec.apiVersion)) {
    return yield* wrong(origin, "exec", `apiVersion must be ${EXEC_VERSIONS.join(" or ")}`);
  }
  if (authProvider !== undefined && authProvider.name !== "oidc") {
    const problem = REMOVED_PROVIDERS.includes(authProvider.name)
      ? "Kubernetes no longer has this provider: use its exec plugin"
      : "Kubernetes has no such provider";
    return yield* wrong(origin, "auth-provider", problem);
  }
  if (entry.tokenFile !== "") {
    yield* entry.token === "" ? readable(origin, "tokenFile", entry.tokenFile) : Effect.void;
    return chosen({ _tag: "TokenFile", file: entry.tokenFile, fallback: entry.token });
  }
  if (entry.token !== "") return chosen({ _tag: "Token", token: entry.token });
  if (entry.username !== "") {
    return chosen({ _tag: "Basic", username: entry.username, password: entry.password });
  }
  if (authProvider !== undefined) {
    return chosen({ _tag: "Oidc", user, config: authProvider.config });
  }
  const hasCertificate = entry.certFile !== "" || entry.certData !== "";
  if (exec !== undefined && !hasCertificate) return chosen({ _tag: "Exec", exec });
  return chosen({ _tag: "Anonymous" });
});

const NOBODY: UserEntry = {
  origin: { file: "", path: "users", line: 1, lines: new Map() },
  certFile: "",
  certData: "",
  keyFile: "",
  keyData: "",
  token: "",
  tokenFile: "",
  as: "",
  asUid: "",
  asGroups: [],
  asExtra: new Map(),
  username: "",
  password: "",
  authProvider: undefined,
  exec: undefined,
};

const CONTEXTS = "list them with: kubectl config get-contexts";

const chosenContext = Effect.fnUntraced(function* (
  { config, files }: LoadedKubeconfig,
  wanted: string | undefined,
) {
  const name = wanted || config.currentContext;
  const entry = config.contexts.get(name);
  if (wanted && entry === undefined) {
    return yield* badKubeconfig(
      `context "${wanted}" does not exist in ${files.join(", ")} (${CONTEXTS})`,
    );
  }
  if (name !== "" && entry === undefined) {
    const { file, line } = config.currentContextOrigin ?? { file: files[0] ?? "", line: 1 };
    const problem = `names no context of the kubeconfig (${CONTEXTS})`;
    return yield* badKubeconfig(describeFault(file, { line, field: "current-context", problem }));
  }
  return entry === undefined ? undefined : { name, entry };
});

/** What the context means; `undefined` when the kubeconfig chooses none, or no cluster. */
export const accessOf = Effect.fn("kube.access")(function* (
  loaded: LoadedKubeconfig,
  wanted: string | undefined,
) {
  const { config } = loaded;
  const context = yield* chosenContext(loaded, wanted);
  if (context === undefined) return undefined;
  const { cluster: clusterName, user: userName, origin } = context.entry;
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined) {
    const problem = clusterName === "" ? "is missing" : "names no cluster of the kubeconfig";
    return yield* wrong(origin, "cluster", problem);
  }
  // Without a user, or with one that is not there, kubectl asks without credentials.
  const user = config.users.get(userName) ?? NOBODY;
  const server = yield* checkCluster(cluster);
  yield* checkUser(user);
  const cert = pem(user.certData, user.certFile);
  const key = pem(user.keyData, user.keyFile);
  const access: ClusterAccess = {
    context: context.name,
    server,
    ca: pem(cluster.caData, cluster.caFile),
    insecure: cluster.insecure,
    tlsServerName: cluster.tlsServerName || undefined,
    proxyUrl: cluster.proxyUrl || undefined,
    disableCompression: cluster.disableCompression,
    // No secret leaves over a connection that everyone can read.
    login: server.isTls ? yield* loginOf(user, userName) : { _tag: "Anonymous" },
    certificate:
      server.isTls && cert !== undefined && key !== undefined ? { cert, key } : undefined,
    impersonation: impersonationOf(user),
    execConfig: cluster.execConfig,
    entries: { cluster, user },
  };
  return access;
});

/** Where Kubernetes puts a pod's own account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The pod's own account; `undefined` outside a pod. Token and authority are read again as they rotate. */
export const inClusterAccess = (
  environment: NodeJS.ProcessEnv,
  folder = SERVICE_ACCOUNT,
): ClusterAccess | undefined => {
  const host = environment.KUBERNETES_SERVICE_HOST ?? "";
  const port = environment.KUBERNETES_SERVICE_PORT ?? "";
  const file = join(folder, "token");
  if (host === "" || port === "" || !existsSync(file)) return undefined;
  const server = parseServer(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  const authority = join(folder, "ca.crt");
  return server === undefined
    ? undefined
    : {
        context: undefined,
        server,
        ca: existsSync(authority) ? { _tag: "File", file: authority } : undefined,
        insecure: false,
        tlsServerName: undefined,
        proxyUrl: undefined,
        disableCompression: false,
        login: { _tag: "TokenFile", file, fallback: "" },
        certificate: undefined,
        impersonation: {},
        execConfig: undefined,
        entries: undefined,
      };
};
