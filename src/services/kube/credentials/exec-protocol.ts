/** What is said to a credential plugin and how its answer is read: `client.authentication.k8s.io`, as data. */
import { createSecureContext } from "node:tls";
import { fieldAt, stringAt } from "../../../domain/kube/objects.ts";
import type { ClusterAccess } from "../kubeconfig/access.ts";
import { type ExecEntry, toJson } from "../kubeconfig/decode.ts";
import { isFault, parseGoYaml } from "../kubeconfig/go-yaml.ts";
import { showServer } from "../kubeconfig/server.ts";
import type { IssuedCredential } from "./credential.ts";

interface ExecCircumstances {
  /** The plugin has the operator's standard input. */
  readonly interactive: boolean;
  /** The cluster's certificate authority, as PEM. */
  readonly authority: string | undefined;
}

/** The value of `KUBERNETES_EXEC_INFO`. */
export const execInfo = (
  access: ClusterAccess,
  exec: Pick<ExecEntry, "apiVersion" | "provideClusterInfo">,
  { interactive, authority }: ExecCircumstances,
): string => {
  const cluster = {
    server: showServer(access.server),
    ...(access.tlsServerName === undefined ? {} : { "tls-server-name": access.tlsServerName }),
    ...(access.insecure ? { "insecure-skip-tls-verify": true } : {}),
    ...(authority === undefined
      ? {}
      : { "certificate-authority-data": Buffer.from(authority).toString("base64") }),
    ...(access.proxyUrl === undefined ? {} : { "proxy-url": access.proxyUrl }),
    ...(access.disableCompression ? { "disable-compression": true } : {}),
    ...(access.execConfig === undefined ? {} : { config: access.execConfig }),
  };
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo ? { cluster } : {}), interactive },
  });
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    const value = parseGoYaml(text);
    return isFault(value) ? undefined : toJson(value);
  }
};

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** The credential a plugin printed, or what is wrong with it, in words that quote nothing. */
export const readExecCredential = (
  stdout: string,
  apiVersion: string,
): IssuedCredential | string => {
  const answer = parsed(stdout);
  if (stringAt(answer, "kind") !== "ExecCredential") return "it did not print an ExecCredential";
  if (stringAt(answer, "apiVersion") !== apiVersion) {
    return `it answered in another version than ${apiVersion}`;
  }
  const status = fieldAt(answer, "status");
  if (status === undefined || status === null) return "its answer has no status";
  const token = stringAt(status, "token") ?? "";
  const cert = stringAt(status, "clientCertificateData") ?? "";
  const key = stringAt(status, "clientKeyData") ?? "";
  if (token === "" && cert === "" && key === "") {
    return "its answer has neither a token nor a certificate";
  }
  if ((cert === "") !== (key === "")) return "its answer has a certificate or a key, not both";
  if (cert !== "") {
    try {
      createSecureContext({ cert, key });
    } catch {
      return "its certificate and key are not PEM, or do not belong together";
    }
  }
  const expiration = fieldAt(status, "expirationTimestamp") ?? undefined;
  const isTime = typeof expiration === "string" && TIME.test(expiration);
  if (expiration !== undefined && !isTime) return "its expirationTimestamp is not a time";
  return {
    credential: {
      authorization: token === "" ? undefined : `Bearer ${token}`,
      certificate: cert === "" ? undefined : { cert, key },
    },
    expiresAt: isTime ? Date.parse(expiration) : undefined,
  };
};
