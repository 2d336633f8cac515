import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Effect } from "effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { CustomResourceDefinition, type KubeObject } from "../../../src/domain/kube.ts";
import { Kubectl } from "../../../src/services/Kubectl.ts";
import { layerKubectlApi } from "../../../src/services/KubectlApi.ts";
import { type Cluster, controlPlane, kubectl, startCluster } from "../cluster.ts";
import { kubeconfig } from "../control-plane.ts";
import { currentCrds } from "../e2e/tare.ts";
import { BUSY } from "./busy.ts";
import { save } from "./certificates.ts";

describe("a priority level of a few seats", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
    const input = { apiVersion: "v1", kind: "List", items: BUSY };
    await kubectl(cluster, ["apply", "-f", "-"], { input });
  });
  afterAll(() => cluster.stop());

  it("turns some of a burst away, and every request of it gets through", async () => {
    const token = (await kubectl(cluster, ["create", "token", "operator"])).trim();
    const file = join(cluster.dir, "operator.kubeconfig");
    save(file, JSON.stringify(kubeconfig(controlPlane(cluster), "operator", { token })));
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
    const layer = layerKubectlApi({ kubeconfig: file, context: undefined });
    const applied = await Effect.runPromise(Effect.provide(burst, layer));
    expect(applied.length).toBeGreaterThan(20);
    const audit = readFileSync(join(cluster.dir, "audit.log"), "utf8").split("\n");
    const ours = audit.filter((line) => line.includes('"userAgent":"tare"'));
    expect(ours.filter((line) => line.includes('"code":429')).length).toBeGreaterThan(0);
  });
});
