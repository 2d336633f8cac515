import { existsSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { Effect } from "effect";
import { type ClusterTarget, KubectlError } from "../Kubectl.ts";

/** Which cluster to talk to, as the operator chose it. */
export interface KubeconfigChoice {
  /** `--kubeconfig`; else `KUBECONFIG` (several files are merged), else `~/.kube/config`, else the pod's own account. */
  readonly kubeconfig: string | undefined;
  /** `--context`; else the kubeconfig's current one. */
  readonly context: string | undefined;
}

export interface KubeConnection {
  readonly target: ClusterTarget;
  /** Fresh for every request: an exec plugin may hand out a new token. */
  readonly requestOptions: Effect.Effect<RequestOptions, KubectlError>;
  /** For answers that do not end: each has a connection of its own, so that none is taken from short calls. */
  readonly streamOptions: Effect.Effect<RequestOptions, KubectlError>;
}

const badKubeconfig = (detail: string) =>
  new KubectlError({ reason: "BadKubeconfig", request: "read the kubeconfig", detail });

const explain = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);

/** As few connections as the widest fan-out of ours needs, kept open between calls. */
const KEEP_ALIVE = { keepAlive: true, maxSockets: 16 } as const;

/** The kubeconfig files to read, missing ones passed over as kubectl does; none where only a pod's own account is left. */
const kubeconfigFiles = Effect.fnUntraced(function* (choice: KubeconfigChoice) {
  const inCluster = process.env.KUBERNETES_SERVICE_HOST !== undefined;
  const variable = (process.env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  const given = choice.kubeconfig === undefined ? variable : [choice.kubeconfig];
  const files = given.length > 0 ? given : [join(homedir(), ".kube", "config")];
  const existing = files.filter((file) => existsSync(file));
  if (existing.length > 0) return existing;
  const chosen = given.length > 0;
  // Without this check the client would quietly try http://localhost:8080.
  if (chosen || !inCluster) return yield* badKubeconfig(`no such file: ${files.join(", ")}`);
  return [];
});

export const connect = Effect.fn("kube.connect")(function* (choice: KubeconfigChoice) {
  const files = yield* kubeconfigFiles(choice);
  const { KubeConfig } = yield* Effect.promise(() => import("./client.ts"));
  const config = new KubeConfig();
  yield* Effect.try({
    try: () => {
      const [first, ...others] = files;
      if (first === undefined) return config.loadFromCluster();
      config.loadFromFile(first);
      for (const file of others) {
        const other = new KubeConfig();
        other.loadFromFile(file);
        config.mergeConfig(other, true);
      }
    },
    catch: (cause) => badKubeconfig(explain(cause)),
  });
  if (choice.context !== undefined) {
    if (config.getContextObject(choice.context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      return yield* badKubeconfig(
        `context "${choice.context}" does not exist (there are: ${known.join(", ") || "none"})`,
      );
    }
    config.setCurrentContext(choice.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    return yield* badKubeconfig(`context "${config.getCurrentContext()}" names no known cluster`);
  }

  let agent: HttpAgent | HttpsAgent | undefined;
  const requestOptions = Effect.tryPromise({
    try: async () => {
      const options: RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(options);
      // The client's own agent does not keep connections; a proxy's agent must stay as it is.
      if (cluster.proxyUrl === undefined) {
        agent ??= cluster.server.startsWith("https:")
          ? new HttpsAgent({ ...tlsOptions(options), ...KEEP_ALIVE })
          : new HttpAgent(KEEP_ALIVE);
        return { ...options, agent };
      }
      return options;
    },
    catch: (cause) =>
      new KubectlError({
        reason: "Unauthorized",
        request: "get credentials",
        detail: explain(cause),
      }),
  });
  const connection: KubeConnection = {
    target: {
      context: files.length > 0 ? config.getCurrentContext() : undefined,
      server: cluster.server,
    },
    requestOptions,
    streamOptions: Effect.map(requestOptions, (options) =>
      cluster.proxyUrl === undefined ? { ...options, agent: false } : options,
    ),
  };
  return connection;
});

const tlsOptions = ({
  ca,
  cert,
  key,
  rejectUnauthorized,
  servername,
  pfx,
  passphrase,
}: RequestOptions) =>
  Object.fromEntries(
    Object.entries({ ca, cert, key, rejectUnauthorized, servername, pfx, passphrase }).filter(
      ([, value]) => value !== undefined,
    ),
  );
