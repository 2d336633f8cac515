/** One pod: its containers, and how it goes. Pure. */

import { Duration } from "effect";
import { type KubeObject, listAt, stringAt } from "../../../src/domain/kube/objects.ts";
import { parseGoDuration } from "../../../src/domain/text/go-duration.ts";
import { graceSecondsOf } from "../cluster/deletion.ts";
import { type Container, isRunning, newContainer, settledContainer } from "./container.ts";

export interface Ending {
  /** Since when it is being deleted. */
  readonly since: number;
  /** When the last of its containers will have ended. */
  readonly goneAt: number;
  /** When it would have been ended at the latest, whatever streams were open. */
  readonly latestAt: number;
}

export interface Pod {
  /** Without its status. */
  readonly object: KubeObject;
  readonly createdAt: number;
  readonly containers: ReadonlyArray<Container>;
  readonly readyAt: number | undefined;
  readonly ending: Ending | undefined;
}

const containersOf = (
  object: KubeObject,
  make: (name: string, image: string) => Container,
): ReadonlyArray<Container> =>
  listAt(object, "spec", "containers").map((container) =>
    make(stringAt(container, "name") ?? "", stringAt(container, "image") ?? ""),
  );

export const newPod = (object: KubeObject, now: number): Pod => ({
  object,
  createdAt: now,
  containers: containersOf(object, (name, image) => newContainer(name, image, now)),
  readyAt: undefined,
  ending: undefined,
});

/** One that has been up since the clock started. */
export const settledPod = (object: KubeObject): Pod => ({
  object,
  createdAt: 0,
  containers: containersOf(object, settledContainer),
  readyAt: 0,
  ending: undefined,
});

export const isReady = ({ readyAt }: Pod): boolean => readyAt !== undefined;
export const isActive = ({ ending }: Pod): boolean => ending === undefined;

/** When something about the pod changes by itself. */
export const nextChangeOf = ({ containers, ending }: Pod): number =>
  ending === undefined ? Math.min(...containers.map(({ until }) => until)) : ending.goneAt;

/** Between the signal and the exit of a program that does not mind. */
const EXIT_MILLIS = 1_000;

const ENVOY = "envoy";
const SHUTDOWN_MANAGER = "shutdown-manager";

/** The defaults of `envoy-gateway envoy shutdown`. */
const DEFAULT_DRAIN_MILLIS = 60_000;
const DEFAULT_MIN_DRAIN_MILLIS = 10_000;

export interface Drain {
  readonly minMillis: number;
  readonly maxMillis: number;
}

/** Envoy Gateway tells the drain times to the hook of the proxy's shutdown manager. */
export const drainOf = (object: KubeObject): Drain | undefined => {
  const manager = listAt(object, "spec", "containers").find(
    (container) => stringAt(container, "name") === SHUTDOWN_MANAGER,
  );
  const hook = listAt(manager, "lifecycle", "preStop", "exec", "command").map(String);
  const millis = (flag: string): number | undefined => {
    const text = hook.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
    const duration = text === undefined ? undefined : parseGoDuration(text);
    return duration === undefined ? undefined : Duration.toMillis(duration);
  };
  return hook.includes("shutdown")
    ? {
        maxMillis: millis("--drain-timeout") ?? DEFAULT_DRAIN_MILLIS,
        minMillis: millis("--min-drain-duration") ?? DEFAULT_MIN_DRAIN_MILLIS,
      }
    : undefined;
};

/**
 * Hooks run only in containers that run; Envoy ends when its last connection has, or its time is up. A hook that cannot ask
 * Envoy for its connections waits for all its time.
 */
const millisToEnd = ({ object, containers }: Pod, streamsEndIn: number): number => {
  const drain = drainOf(object);
  const runs = (wanted: string) =>
    containers.some((container) => container.name === wanted && isRunning(container));
  if (drain === undefined || !runs(SHUTDOWN_MANAGER)) return EXIT_MILLIS;
  if (!runs(ENVOY)) return drain.maxMillis;
  return Math.min(drain.maxMillis, Math.max(drain.minMillis, streamsEndIn));
};

/** `streamsEndAt`: when the last open stream would end by itself. */
export const ended = (pod: Pod, streamsEndAt: number, now: number): Pod => {
  const graceMillis = graceSecondsOf(pod.object) * 1000;
  const within = (streamsEndIn: number) =>
    now + Math.min(graceMillis, millisToEnd(pod, streamsEndIn));
  const [goneAt, latestAt] = [within(streamsEndAt - now), within(Number.POSITIVE_INFINITY)];
  return { ...pod, ending: { since: now, goneAt, latestAt } };
};
