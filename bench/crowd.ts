/** Many objects of one kind, made quickly: straight to the API server, several at a time. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Effect } from "effect";
import { crdManifest } from "../src/domain/crds/plan.ts";
import type { KubeObject, ResourceType } from "../src/domain/kube/objects.ts";
import { PARSED_CRDS_FILE, sha256OfBytes, storedCrd } from "../src/services/chart/chart-crds.ts";
import { Kubectl } from "../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../src/services/kube/KubectlApi.ts";
import { type Cluster, kubectl } from "../test/cluster/cluster.ts";

const AT_ONCE = 8;

/** Those that are there already stay as they are. */
export const createAll = (
  cluster: Cluster,
  type: ResourceType,
  objects: ReadonlyArray<KubeObject>,
): Promise<unknown> =>
  Effect.gen(function* () {
    const api = yield* Kubectl;
    yield* Effect.forEach(
      objects,
      (object) =>
        Effect.catchIf(
          Effect.asVoid(api.create(type, object)),
          ({ reason }) => reason === "Conflict",
          () => Effect.void,
        ),
      { concurrency: AT_ONCE, discard: true },
    );
  }).pipe(
    Effect.provide(layerKubectlApi({ kubeconfig: cluster.kubeconfig, context: undefined })),
    Effect.runPromise,
  );

const upTo = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => index + 1);

/** Pods that no scheduler takes. */
export const crowdOfPods = (count: number): ReadonlyArray<KubeObject> =>
  upTo(count).map((number) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `crowd-${number}`, namespace: "tars-dataplane", labels: { bench: "crowd" } },
    spec: {
      schedulerName: "nobody",
      containers: [{ name: "idle", image: "registry.example.com/idle:1" }],
    },
  }));

/** Revisions before the deployed one, which moves to the end: copies of its record, superseded. */
export const historyOf = async (
  cluster: Cluster,
  count: number,
): Promise<ReadonlyArray<KubeObject>> => {
  const newest = JSON.parse(
    await kubectl(cluster, [
      ...["get", "secrets", "--namespace", "tars-system", "-o", "json"],
      ...["--selector", "owner=helm,name=tars,status=deployed"],
    ]),
  ).items[0];
  const packed = Buffer.from(newest.data.release, "base64").toString();
  const record = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
  return upTo(count - 1).map((number) => {
    const version = record.version + number;
    const last = number === count - 1;
    const status = last ? "deployed" : "superseded";
    const copy = { ...record, version, info: { ...record.info, status } };
    const release = gzipSync(JSON.stringify(copy)).toString("base64");
    return {
      apiVersion: "v1",
      kind: "Secret",
      type: newest.type,
      metadata: {
        name: `sh.helm.release.v1.tars.v${version}`,
        namespace: "tars-system",
        labels: { ...newest.metadata.labels, version: String(version), status, bench: "history" },
      },
      data: { release: Buffer.from(release).toString("base64") },
    };
  });
};

const PROPERTIES = 40;

/** A CRD of some kilobytes, as most are. */
const smallCrd = (number: number): KubeObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `things${number}.bench.example.com` },
  spec: {
    group: "bench.example.com",
    scope: "Namespaced",
    names: {
      plural: `things${number}`,
      singular: `thing${number}`,
      kind: `Thing${number}`,
      listKind: `Thing${number}List`,
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: Object.fromEntries(
                  upTo(PROPERTIES).map((property) => [
                    `property${property}`,
                    {
                      type: "string",
                      maxLength: 63,
                      description: "One of many, described at length.",
                    },
                  ]),
                ),
              },
            },
          },
        },
      },
    ],
  },
});

/** The embedded chart with so many more CRDs that there are `count`, packaged as a release build packages them. */
export const writeChart = (from: string, to: string, count: number): void => {
  cpSync(from, to, { recursive: true });
  const parsedFile = join(to, PARSED_CRDS_FILE);
  const parsed = JSON.parse(readFileSync(parsedFile, "utf8"));
  const more = Math.max(0, count - Object.keys(parsed).length);
  for (const number of upTo(more)) {
    const crd = smallCrd(number);
    // JSON is YAML.
    const text = JSON.stringify(crd);
    writeFileSync(join(to, "charts/crds/crds", `thing-${number}.yaml`), text);
    parsed[sha256OfBytes(Buffer.from(text))] = [storedCrd(crdManifest(crd))];
  }
  writeFileSync(parsedFile, JSON.stringify(parsed));
};
