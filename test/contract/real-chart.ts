/** A chart of the contract as a folder for the real Helm. Templates are JSON, which is YAML. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { ChartHook } from "../fakes/helm/chart.ts";
import { configMapObjects, NOBODY, workloadObjects } from "./chart-objects.ts";
import type { ContractChart } from "./stage.ts";

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  values: {{ .Values | toJson | quote }}
`;

/** On the fake nodes a Job's pod ends well after a second, or badly when its image is told to crash. */
const hookJob = ({ event, job, outcome, image }: ChartHook): KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {
    name: job,
    annotations: { "helm.sh/hook": event, "helm.sh/hook-delete-policy": "before-hook-creation" },
  },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [
          {
            name: "job",
            image: image ?? `app.example/job:${outcome === "fails" ? "crash-loop" : "v1"}`,
          },
        ],
      },
    },
  },
});

export const writeChart = (folder: string, chart: ContractChart): void => {
  const templates = join(folder, "templates");
  mkdirSync(templates, { recursive: true });
  const put = (name: string, content: string | object) =>
    writeFileSync(
      join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  put("Chart.yaml", { apiVersion: "v2", name: "app", version: chart.version });
  put("values.yaml", chart.defaults ?? {});
  put("templates/settings.yaml", SETTINGS);
  const objects = [
    ...configMapObjects(chart),
    ...workloadObjects(chart),
    ...(chart.hooks ?? []).map(hookJob),
    ...(chart.unknownType === true ? [NOBODY] : []),
  ];
  for (const [index, object] of objects.entries()) put(`templates/object-${index}.yaml`, object);
  if (chart.notes !== undefined) put("templates/NOTES.txt", chart.notes);
  if (chart.fails !== undefined) {
    put("templates/fails.yaml", `{{ fail ${JSON.stringify(chart.fails)} }}`);
  }
};
