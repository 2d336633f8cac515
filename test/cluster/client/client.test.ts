import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Effect } from "effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  ConfigMap,
  CustomResourceDefinition,
  type KubeObject,
} from "../../../src/domain/kube/objects.ts";
import { Kubectl, type KubectlError } from "../../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../../src/services/kube/KubectlApi.ts";
import { accountToken, type Cluster, controlPlane, kubectl, startCluster } from "../cluster.ts";
import { pki } from "../control-plane.ts";
import { currentCrds } from "../e2e/tare.ts";
import { startFaultProxy } from "../fault-proxy.ts";
import { requestsOf } from "./audit.ts";
import { BUSY } from "./busy.ts";
import { issue, makeAuthority, save } from "./certificates.ts";
import { configFor } from "./short-lived.ts";

describe("the cluster client, asking a real API server", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ clientAuthority: makeAuthority });
  });
  afterAll(() => cluster.stop());

  const ask = <A>(user: object, work: Effect.Effect<A, KubectlError, Kubectl>, server?: string) => {
    const kubeconfig = configFor(
      join(cluster.dir, "asked-by"),
      controlPlane(cluster),
      user,
      server,
    );
    const layer = layerKubectlApi({ kubeconfig, context: undefined });
    return Effect.runPromise(Effect.provide(work, layer));
  };
  const make = (name: string) => {
    const metadata = { name, namespace: "default" };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata };
    return Effect.flatMap(Kubectl, (api) => api.create(ConfigMap, object));
  };

  it("takes a certificate that is replaced while it runs", async () => {
    const authorities = pki(cluster.dir, "");
    const at = (name: string) => join(cluster.dir, name);
    const put = (user: string) => {
      const { cert, key } = issue(authorities, user, "system:masters");
      save(at("me.crt"), cert);
      save(at("me.key"), key);
    };
    put("alice");
    await ask(
      { "client-certificate": "me.crt", "client-key": "me.key" },
      Effect.gen(function* () {
        yield* make("by-alice");
        // Half replaced, the two do not belong together: what was read before still counts.
        save(at("me.key"), readFileSync(join(authorities, "clients.key"), "utf8"));
        yield* make("by-alice-again");
        put("bob");
        yield* make("by-bob");
      }),
    );
    const users = requestsOf(cluster, "tare").map(({ user }) => user);
    expect(users).toEqual(["alice", "alice", "bob"]);
  });

  it("comes back when a server in front asks for it", async () => {
    const proxy = await startFaultProxy(controlPlane(cluster));
    const path = /configmaps$/;
    const effect = { _tag: "Answer", status: 429, message: "too many", retryAfter: 1 } as const;
    proxy.add({ method: "POST", path, times: 2, effect });
    const started = Date.now();
    await ask({}, make("after-429"), proxy.url);
    expect(Date.now() - started).toBeGreaterThan(1900);
    proxy.close();
  });

  it("gets every request of a burst through a priority level that turns some away", async () => {
    const input = { apiVersion: "v1", kind: "List", items: BUSY };
    await kubectl(cluster, ["apply", "-f", "-"], { input });
    const token = await accountToken(cluster, "default", "operator");
    const crds = readdirSync(currentCrds, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".yaml"))
      .flatMap((name) => parseAllDocuments(readFileSync(join(currentCrds, name), "utf8")))
      .map((document) => document.toJS() as KubeObject)
      .filter(({ kind }) => kind === "CustomResourceDefinition");
    const options = { fieldManager: "tare", force: true, dryRun: true, metadataOnly: true };
    const burst = Effect.flatMap(Kubectl, (api) =>
      Effect.forEach(crds, (crd) => api.apply(CustomResourceDefinition, crd, options), {
        concurrency: "unbounded",
      }),
    );
    const applied = await ask({ token }, burst);
    expect(applied.length).toBeGreaterThan(20);
    const turnedAway = requestsOf(cluster, "tare").filter(({ status }) => status === 429);
    expect(turnedAway.length).toBeGreaterThan(0);
  });
});
