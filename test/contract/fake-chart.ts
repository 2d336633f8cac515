/** A chart of the contract as the fake Helm takes it. */
import { canonicalJson } from "../../src/domain/kube/json.ts";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { FakeChart } from "../fakes/helm/chart.ts";
import { configMapObjects, NOBODY, workloadObjects } from "./chart-objects.ts";
import type { ContractChart } from "./stage.ts";

export const fakeChart = (chart: ContractChart): FakeChart => ({
  name: "app",
  version: chart.version,
  defaults: chart.defaults ?? {},
  crds: [],
  ...(chart.hooks === undefined ? {} : { hooks: chart.hooks }),
  ...(chart.fails === undefined ? {} : { fails: chart.fails }),
  ...(chart.notes === undefined ? {} : { notes: chart.notes }),
  render: (values, { namespace }) => {
    const settings: KubeObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings", namespace },
      data: { values: canonicalJson(values) },
    };
    const inNamespace = (object: KubeObject): KubeObject => ({
      ...object,
      metadata: { ...object.metadata, namespace },
    });
    return [
      settings,
      ...[...configMapObjects(chart), ...workloadObjects(chart)].map(inNamespace),
      ...(chart.unknownType === true ? [inNamespace(NOBODY)] : []),
    ];
  },
});
