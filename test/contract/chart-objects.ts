/** The objects of a contract's chart, the same on both sides; without a namespace. */
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { ContractChart } from "./stage.ts";

export const NOBODY: KubeObject = {
  apiVersion: "nowhere.example/v1",
  kind: "Nobody",
  metadata: { name: "nobody" },
};

export const configMapObjects = ({
  configMaps = {},
  kept = [],
}: ContractChart): ReadonlyArray<KubeObject> =>
  Object.entries(configMaps).map(([name, data]) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      ...(kept.includes(name) ? { annotations: { "helm.sh/resource-policy": "keep" } } : {}),
    },
    data,
  }));

export const workloadObjects = ({ workloads = [] }: ContractChart): ReadonlyArray<KubeObject> =>
  workloads.map(({ name, tag, replicas = 1 }) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image: `app.example/${name}:${tag}` }] },
      },
    },
  }));
