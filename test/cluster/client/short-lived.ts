/** Logins that end sooner than an upgrade does, for the API server of a test cluster. */
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { authorityPath, type ControlPlane } from "../control-plane.ts";
import { issue, save } from "./certificates.ts";

/** A kubeconfig of one login, for the API server itself or for what stands at another address. */
export const configFor = (
  file: string,
  { dir, ports }: Pick<ControlPlane, "dir" | "ports">,
  user: object,
  server?: string,
): string => {
  const trusted = {
    server: `https://127.0.0.1:${ports.api}`,
    "certificate-authority-data": readFileSync(authorityPath(dir)).toString("base64"),
  };
  return save(
    file,
    JSON.stringify({
      "current-context": "x",
      clusters: [{ name: "x", cluster: server === undefined ? trusted : { server } }],
      contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
      users: [{ name: "x", user }],
    }),
  );
};

/** A plugin whose tokens live that long, signed as the API server signs its own. It notes every run in `runs`. */
export const tokenPlugin = (
  folder: string,
  signingKey: string,
  uid: string,
  seconds: number,
): string => {
  const claims = {
    iss: "https://kubernetes.default.svc.cluster.local",
    aud: ["https://kubernetes.default.svc.cluster.local"],
    sub: "system:serviceaccount:default:operator",
    "kubernetes.io": { namespace: "default", serviceaccount: { name: "operator", uid } },
  };
  const body = `import { createSign } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
appendFileSync(${JSON.stringify(join(folder, "runs"))}, "run\\n");
const now = Math.floor(Date.now() / 1000);
const exp = now + ${seconds};
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const text = part({ alg: "RS256", typ: "JWT" }) + "." + part({ ...${JSON.stringify(claims)}, iat: now, nbf: now, exp });
const signature = createSign("RSA-SHA256").update(text).sign(readFileSync(${JSON.stringify(signingKey)}), "base64url");
process.stdout.write(JSON.stringify({
  apiVersion: "client.authentication.k8s.io/v1",
  kind: "ExecCredential",
  status: { token: text + "." + signature, expirationTimestamp: new Date(exp * 1000).toISOString() },
}));
`;
  save(join(folder, "token.mjs"), body);
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(folder, "token.mjs")}'\n`;
  return save(join(folder, "token"), script, 0o700);
};

export interface Rotation {
  /** What the user's entry of a kubeconfig holds. */
  readonly user: object;
  /** Ends with the signal. */
  readonly done: Promise<void>;
}

/**
 * A certificate and its key in two files, replaced again and again, each time by those of another user: `operator-0`,
 * `operator-1` and so on.
 */
export const rotatedCertificate = (
  folder: string,
  authorities: string,
  { lifeSeconds, everySeconds }: { readonly lifeSeconds: number; readonly everySeconds: number },
  signal: AbortSignal,
): Rotation => {
  const put = (round: number): void => {
    const user = `operator-${round}`;
    const pair = issue(authorities, user, "system:masters", lifeSeconds);
    for (const [name, text] of [
      ["me.crt", pair.cert],
      ["me.key", pair.key],
    ] as const) {
      renameSync(save(join(folder, `${name}.new`), text), join(folder, name));
    }
  };
  const rotate = async (): Promise<void> => {
    for (let round = 1; !signal.aborted; round += 1) {
      await sleep(everySeconds * 1000, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) put(round);
    }
  };
  put(0);
  return { user: { "client-certificate": "me.crt", "client-key": "me.key" }, done: rotate() };
};
