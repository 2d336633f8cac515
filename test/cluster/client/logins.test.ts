import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Effect } from "effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigMap } from "../../../src/domain/kube.ts";
import { Kubectl } from "../../../src/services/Kubectl.ts";
import { layerKubectlApi } from "../../../src/services/KubectlApi.ts";
import {
  type Cluster,
  controlPlane,
  followEnvoyGateway,
  kubectl,
  startCluster,
} from "../cluster.ts";
import { authorityPath } from "../control-plane.ts";
import { currentCrds, installOlder, type Operator, operator, states, tare } from "../e2e/tare.ts";
import { startFaultProxy } from "../fault-proxy.ts";
import { BUSY } from "./busy.ts";
import { issue, makeAuthority, save } from "./certificates.ts";

/** A plugin whose tokens live that long, signed as the API server signs its own. */
const tokenPlugin = (folder: string, signingKey: string, uid: string, seconds: number): string => {
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

const LIFE_SECONDS = Number(process.env.TARE_TEST_TOKEN_SECONDS ?? 10);
const RUN_SECONDS = Number(process.env.TARE_TEST_RUN_SECONDS ?? 80);
const RUNS = Number(process.env.TARE_TEST_BUSY_RUNS ?? 2);

describe("tare on a busy API server, with credentials that do not last", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    cluster = await startCluster({ clientAuthority: makeAuthority });
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
    await installOlder(who, undefined, currentCrds);
    await kubectl(cluster, ["apply", "-f", "-"], {
      input: { apiVersion: "v1", kind: "List", items: BUSY },
    });
  });
  afterAll(() => cluster.stop());

  const configFor = (name: string, user: object, server?: string): string => {
    const { ports } = controlPlane(cluster);
    const authority = readFileSync(authorityPath(cluster.dir)).toString("base64");
    const trusted = {
      server: `https://127.0.0.1:${ports.api}`,
      "certificate-authority-data": authority,
    };
    return save(
      join(who.home, name),
      JSON.stringify({
        "current-context": "x",
        clusters: [{ name: "x", cluster: server === undefined ? trusted : { server } }],
        contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
        users: [{ name: "x", user }],
      }),
    );
  };

  const turnedAway = (): number =>
    readFileSync(join(cluster.dir, "audit.log"), "utf8")
      .split("\n")
      .filter((line) => /"userAgent":"tare"/.test(line) && /"code":429/.test(line)).length;

  it(`upgrades ${RUNS} times, the first time for ${RUN_SECONDS} s with tokens of ${LIFE_SECONDS} s`, async () => {
    const uid = await kubectl(cluster, [
      ...["get", "serviceaccount", "operator", "--output", "jsonpath={.metadata.uid}"],
    ]);
    const signingKey = join(cluster.dir, "pki", "sa.key");
    const command = tokenPlugin(who.home, signingKey, uid, LIFE_SECONDS);
    const apiVersion = "client.authentication.k8s.io/v1";
    const user = { exec: { apiVersion, command, interactiveMode: "Never" } };
    const kubeconfig = configFor("short-lived", user);
    for (let round = 1; round <= RUNS; round += 1) {
      const settle = round === 1 ? RUN_SECONDS : 1;
      const tag = round === 1 ? [] : ["--image-tag", `1.2.0-${round}`];
      const started = Date.now();
      const args = ["--kubeconfig", kubeconfig, "--settle-time", `${settle}s`, ...tag];
      const { code, stderr } = await tare(who, ["upgrade", who.identityFile, ...args]);
      expect(stderr).not.toMatch(/Unauthorized|HTTP 429/);
      expect(code, stderr).toBe(0);
      if (round > 1) continue;
      expect(Date.now() - started).toBeGreaterThan(RUN_SECONDS * 1000);
      const runs = readFileSync(join(who.home, "runs"), "utf8").trim().split("\n").length;
      expect(runs).toBeGreaterThan(RUN_SECONDS / LIFE_SECONDS);
    }
    console.log(`${RUNS} upgrades, ${turnedAway()} requests of tare turned away on the way`);
    expect(await states(who)).toMatch(new RegExp(`${RUNS + 1} deployed$`));
  });

  const createdBy = async (name: string, kubeconfig: string) => {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default" },
    };
    return await Effect.runPromise(
      Effect.flatMap(Kubectl, (api) => api.create(ConfigMap, object)).pipe(
        Effect.provide(layerKubectlApi({ kubeconfig, context: undefined })),
      ),
    );
  };

  it("takes a certificate that is replaced while it runs", async () => {
    const pki = join(cluster.dir, "pki");
    const put = (user: string) => {
      const { cert, key } = issue(pki, user, "system:masters");
      save(join(who.home, "me.crt"), cert);
      save(join(who.home, "me.key"), key);
    };
    put("alice");
    const certificate = { "client-certificate": "me.crt", "client-key": "me.key" };
    const kubeconfig = configFor("certificate", certificate);
    const make = (name: string) =>
      Effect.flatMap(Kubectl, (api) =>
        api.create(ConfigMap, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name, namespace: "default" },
        }),
      );
    await Effect.runPromise(
      Effect.gen(function* () {
        yield* make("by-alice");
        // Half replaced, the two do not belong together: what was read before still counts.
        appendFileSync(join(who.home, "me.key"), "garbage");
        save(join(who.home, "me.key"), readFileSync(join(pki, "clients.key"), "utf8"));
        yield* make("by-alice-again");
        put("bob");
        yield* make("by-bob");
      }).pipe(Effect.provide(layerKubectlApi({ kubeconfig, context: undefined }))),
    );
    const audit = readFileSync(join(cluster.dir, "audit.log"), "utf8");
    const users = [...audit.matchAll(/"user":\{"username":"(alice|bob)"/g)].map(([, user]) => user);
    expect(users).toEqual(["alice", "alice", "bob"]);
  });

  it("comes back when a server in front asks for it", async () => {
    const proxy = await startFaultProxy(controlPlane(cluster));
    const kubeconfig = configFor("behind", {}, proxy.url);
    const path = /configmaps$/;
    const effect = { _tag: "Answer", status: 429, message: "too many", retryAfter: 1 } as const;
    proxy.add({ method: "POST", path, times: 2, effect });
    const started = Date.now();
    await createdBy("after-429", kubeconfig);
    expect(Date.now() - started).toBeGreaterThan(1900);
    proxy.close();
  });
});
