import type { ClusterAccess } from "./access.ts";
import type { ExecEntry, UserEntry } from "./decode.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Kubernetes reads an empty field as one that is left out. */
const filled = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== "" && value !== false && value !== undefined,
    ),
  );

const execFields = (exec: ExecEntry) => ({
  ...filled({
    apiVersion: exec.apiVersion,
    command: exec.command,
    installHint: exec.installHint,
    interactiveMode: exec.interactiveMode,
    provideClusterInfo: exec.provideClusterInfo,
  }),
  args: exec.args,
  env: exec.env,
});

const loginFields = (exec: ExecEntry | undefined, provider: UserEntry["authProvider"]) => ({
  exec: exec && execFields(exec),
  "auth-provider": provider && {
    name: provider.name,
    config: Object.fromEntries(provider.config),
  },
});

/**
 * A kubeconfig of one context that means the same, wherever it lies: its paths are absolute. With `login`, a credential
 * plugin, that is asked in place of what issued the credential.
 */
export const encodeAccess = (
  {
    context = "",
    entries,
    execConfig,
  }: Pick<ClusterAccess, "context" | "execConfig"> & {
    readonly entries: NonNullable<ClusterAccess["entries"]>;
  },
  login?: ExecEntry,
): string => {
  const { cluster, user } = entries;
  const extension = { name: "client.authentication.k8s.io/exec", extension: execConfig };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    contexts: [{ name: context, context: { cluster: "cluster", user: "user" } }],
    clusters: [
      {
        name: "cluster",
        cluster: filled({
          server: cluster.server,
          "tls-server-name": cluster.tlsServerName,
          "insecure-skip-tls-verify": cluster.insecure,
          "certificate-authority": cluster.caFile,
          "certificate-authority-data": base64(cluster.caData),
          "proxy-url": cluster.proxyUrl,
          "disable-compression": cluster.disableCompression,
          extensions: execConfig === undefined ? undefined : [extension],
        }),
      },
    ],
    users: [
      {
        name: "user",
        user: filled({
          "client-certificate": user.certFile,
          "client-certificate-data": base64(user.certData),
          "client-key": user.keyFile,
          "client-key-data": base64(user.keyData),
          token: user.token,
          tokenFile: user.tokenFile,
          as: user.as,
          "as-uid": user.asUid,
          "as-groups": user.asGroups.length === 0 ? undefined : user.asGroups,
          "as-user-extra": user.asExtra.size === 0 ? undefined : Object.fromEntries(user.asExtra),
          username: user.username,
          password: user.password,
          ...loginFields(login ?? user.exec, login === undefined ? user.authProvider : undefined),
        }),
      },
    ],
  });
};
