/** The charts of all stories, each made once. */
import type { FakeChart } from "../../fakes/helm/chart.ts";
import { tarsChart } from "../../fakes/index.ts";

const made = new Map<string, FakeChart>();

/** `good` pods carry the version as their tag; any other word is one that the fake cluster acts on. */
export const chartFor = (version: string, workloads: string, envoy: string): FakeChart => {
  const key = `${version} ${workloads} ${envoy}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const chart = tarsChart({
    version,
    imageTag: workloads === "good" ? version : workloads,
    envoyTag: envoy === "good" ? `envoy-${version}` : envoy,
  });
  made.set(key, chart);
  return chart;
};

/** What a second run finds in the place of a chart that could not work. */
export const MENDED_CHART = "/charts/mended";
