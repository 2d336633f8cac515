/** A pod as the API shows it, in the words of a kubelet. */
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { backOffMillis, type Container, isRunning } from "./container.ts";
import { isReady, type Pod } from "./pod.ts";

const iso = (millis: number): string => new Date(millis).toISOString();

/** As Go prints it: `10s`, `1m20s`, `5m0s`. */
const goSeconds = (millis: number): string => {
  const seconds = Math.round(millis / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};

export const longNameOf = ({ metadata }: KubeObject): string =>
  `${metadata.name}_${metadata.namespace}(${metadata.uid})`;

/** The runtime's words for a pull that failed. */
export const pullErrorText = ({ image, pull }: Container): string => {
  const [code, why] =
    pull === "unavailable"
      ? ["Unknown", "unexpected status from HEAD request: 503 Service Unavailable"]
      : ["NotFound", `${image}: not found`];
  return (
    `rpc error: code = ${code} desc = failed to pull and unpack image "${image}": ` +
    `failed to resolve reference "${image}": ${why}`
  );
};

const waiting = (reason: string, message?: string) => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});

const stateOf = (container: Container, pod: KubeObject): object => {
  switch (container.state) {
    case "creating":
      return waiting("ContainerCreating");
    case "pull-failed":
      return waiting("ErrImagePull", pullErrorText(container));
    case "pull-back-off":
      return waiting(
        "ImagePullBackOff",
        `Back-off pulling image "${container.image}": ErrImagePull: ${pullErrorText(container)}`,
      );
    case "back-off": {
      const delay = goSeconds(backOffMillis(container.crashes - 1));
      return waiting(
        "CrashLoopBackOff",
        `back-off ${delay} restarting failed container=${container.name} pod=${longNameOf(pod)}`,
      );
    }
    case "running":
    case "ready":
      return { running: { startedAt: iso(container.since) } };
  }
};

const lastStateOf = ({ crash }: Container): object =>
  crash === undefined
    ? {}
    : {
        terminated: {
          exitCode: crash.exitCode,
          reason: crash.exitCode === 0 ? "Completed" : "Error",
          startedAt: iso(crash.startedAt),
          finishedAt: iso(crash.at),
        },
      };

const containerStatus = (container: Container, pod: KubeObject): object => ({
  name: container.name,
  image: container.image,
  imageID: isRunning(container) ? container.image : "",
  ready: container.state === "ready",
  started: isRunning(container),
  restartCount: container.restarts,
  state: stateOf(container, pod),
  lastState: lastStateOf(container),
});

const condition = (type: string, holds: boolean, unready: ReadonlyArray<Container>) => ({
  type,
  status: holds ? "True" : "False",
  ...(holds
    ? {}
    : {
        reason: "ContainersNotReady",
        message: `containers with unready status: [${unready.map(({ name }) => name).join(" ")}]`,
      }),
});

const hasStarted = (container: Container): boolean =>
  isRunning(container) || container.state === "back-off";

const statusOf = (pod: Pod): object => {
  const { object, containers, createdAt } = pod;
  const unready = containers.filter(({ state }) => state !== "ready");
  const ready = isReady(pod);
  return {
    phase: containers.every(hasStarted) ? "Running" : "Pending",
    startTime: iso(createdAt),
    conditions: [
      { type: "PodScheduled", status: "True" },
      { type: "Initialized", status: "True" },
      condition("ContainersReady", ready, unready),
      condition("Ready", ready, unready),
    ],
    containerStatuses: containers.map((container) => containerStatus(container, object)),
  };
};

export const podObject = (pod: Pod): KubeObject => ({ ...pod.object, status: statusOf(pod) });
