/** The charts of all stories, each made once. */
import type { FakeChart } from "../../fakes/helm/chart.ts";
import { tarsChart } from "../../fakes/index.ts";

const made = new Map<string, FakeChart>();

export interface PodTags {
  readonly workloads: string;
  readonly envoy: string;
  readonly rateLimiter: string;
  /** Of the Job that the chart runs before an upgrade; without it there is none. */
  readonly hook?: string;
}

export const GOOD: PodTags = { workloads: "good", envoy: "good", rateLimiter: "good" };

/** `good` pods carry the version as their tag; any other word is one that the fake cluster acts on. */
export const chartFor = (version: string, tags: PodTags): FakeChart => {
  const key = `${version} ${Object.values(tags).join(" ")}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const tag = (word: string, good: string): string => (word === "good" ? good : word);
  const chart = tarsChart({
    version,
    imageTag: tag(tags.workloads, version),
    envoyTag: tag(tags.envoy, `envoy-${version}`),
    rateLimitTag: tag(tags.rateLimiter, `ratelimit-${version}`),
    ...(tags.hook === undefined ? {} : { hookTag: tag(tags.hook, version) }),
  });
  made.set(key, chart);
  return chart;
};

/** What a second run finds in the place of a chart that could not work. */
export const MENDED_CHART = "/charts/mended";
