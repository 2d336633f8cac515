import { Duration } from "effect";
import type { RolloutStage } from "../../../domain/report/report.ts";
import type { WorkloadProgress } from "../../../domain/rollout/progress.ts";
import { formatGoDuration } from "../../../domain/text/go-duration.ts";
import { shortReason } from "../../../words/rollout/trouble.ts";
import { describeWaiting } from "../../../words/rollout/waiting-for.ts";

const GROUPS = {
  "data-plane": "data plane",
  "envoy-gateway": "Envoy Gateway's",
  hook: "hook",
  release: "release",
} as const;

export const workloadTitle = ({ group, name }: WorkloadProgress): string =>
  `${GROUPS[group]} ${name}`;

/** `1 of 2 pods run the new template, 1 draining (ImagePullBackOff: …)`; nothing for a workload that is where it should be. */
const workloadNews = (progress: WorkloadProgress): string => {
  const { waitingFor, draining, lastEvent } = progress;
  const parts = [
    waitingFor === undefined ? undefined : describeWaiting(waitingFor),
    draining === 0 ? undefined : `${draining} draining`,
  ].filter((text) => text !== undefined);
  const event = lastEvent === undefined ? "" : ` (${shortReason(lastEvent)})`;
  return `${parts.join(", ")}${event}`;
};

export const workloadLine = (progress: WorkloadProgress): string => {
  const news = workloadNews(progress);
  const { ready, desired } = progress;
  return `${workloadTitle(progress)}: ${ready}/${desired} ready${news === "" ? "" : `, ${news}`}`;
};

const STAGES: Readonly<Record<RolloutStage, string>> = {
  "longer drain": "proxies with the longer drain",
  "shorter drain": "the proxies as they were before",
  "helm upgrade": "helm upgrade",
  "data plane": "the data plane to settle",
  drain: "the streams of the old proxies to end",
  "helm rollback": "helm rollback",
  rollback: "the restored data plane to settle",
};

export interface Waiting {
  readonly stage: RolloutStage;
  readonly startedAtMillis: number;
  readonly budgetMillis: number;
}

const seconds = (millis: number): string =>
  formatGoDuration(Duration.seconds(Math.floor(millis / 1000)));

/** `waiting for helm upgrade, 1m30s of 10m` */
export const waitingLine = (waiting: Waiting, nowMillis: number): string =>
  `waiting for ${STAGES[waiting.stage]}, ${seconds(nowMillis - waiting.startedAtMillis)} of ${seconds(waiting.budgetMillis)}`;
