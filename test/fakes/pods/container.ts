/** The life of one container as the kubelet runs it; pure, the kubelet supplies the time. */
import { Duration } from "effect";
import { type Behaviour, failsToPull } from "./behaviour.ts";

export interface Crash {
  readonly exitCode: number;
  readonly startedAt: number;
  readonly at: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly state: "creating" | "pull-failed" | "pull-back-off" | "running" | "ready" | "back-off";
  readonly since: number;
  /** When it moves on by itself; infinity when it does not. */
  readonly until: number;
  /** Why the newest pull failed. */
  readonly pull: "not-found" | "unavailable" | undefined;
  readonly failedPulls: number;
  readonly restarts: number;
  /** Crashes without a long healthy time between them: what the back-off grows with. */
  readonly crashes: number;
  readonly crash: Crash | undefined;
}

const CREATION_MILLIS = 1_000;
const CRASHES_AFTER_MILLIS = 1_000;
const ERROR_SHOWN_MILLIS = 1_000;
const FIRST_BACK_OFF_MILLIS = 10_000;
const LONGEST_BACK_OFF_MILLIS = 300_000;
/** After so long a healthy time the back-off starts anew. */
const FORGIVEN_AFTER_MILLIS = 2 * LONGEST_BACK_OFF_MILLIS;

export const newContainer = (name: string, image: string, now: number): Container => ({
  name,
  image,
  state: "creating",
  since: now,
  until: now + CREATION_MILLIS,
  pull: undefined,
  failedPulls: 0,
  restarts: 0,
  crashes: 0,
  crash: undefined,
});

/** One that has been up for long. */
export const settledContainer = (name: string, image: string): Container => ({
  ...newContainer(name, image, 0),
  state: "ready",
  until: Number.POSITIVE_INFINITY,
});

export const isRunning = ({ state }: Container): boolean =>
  state === "running" || state === "ready";

/** Of the `n`th wait in a row. */
export const backOffMillis = (n: number): number =>
  Math.min(LONGEST_BACK_OFF_MILLIS, FIRST_BACK_OFF_MILLIS * 2 ** (n - 1));

const startupMillis = (behaviour: Behaviour): number => {
  switch (behaviour._tag) {
    case "Healthy":
      return Math.max(0, Duration.toMillis(behaviour.startup) - CREATION_MILLIS);
    case "CrashLoop":
      return CRASHES_AFTER_MILLIS;
    default:
      return Number.POSITIVE_INFINITY;
  }
};

const started = (container: Container, behaviour: Behaviour, now: number): Container => ({
  ...container,
  state: "running",
  since: now,
  until: now + startupMillis(behaviour),
  pull: undefined,
});

const pulled = (container: Container, behaviour: Behaviour, now: number): Container =>
  failsToPull(behaviour)
    ? {
        ...container,
        state: "pull-failed",
        since: now,
        until: now + ERROR_SHOWN_MILLIS,
        pull: behaviour._tag === "NoSuchImage" ? "not-found" : "unavailable",
        failedPulls: container.failedPulls + 1,
      }
    : started(container, behaviour, now);

const crashed = (container: Container, exitCode: number, now: number): Container => {
  const wasHealthy = container.state === "ready" && now - container.since > FORGIVEN_AFTER_MILLIS;
  const crashes = wasHealthy ? 1 : container.crashes + 1;
  const ended = {
    ...container,
    since: now,
    crashes,
    crash: { exitCode, startedAt: container.since, at: now },
  };
  // The first restart does not wait.
  return crashes === 1
    ? restarted(ended, { _tag: "CrashLoop", exitCode }, now)
    : { ...ended, state: "back-off", until: now + backOffMillis(crashes - 1) };
};

const restarted = (container: Container, behaviour: Behaviour, now: number): Container => ({
  ...started(container, failsToPull(behaviour) ? READY_SOON : behaviour, now),
  restarts: container.restarts + 1,
});

/** The image of a container that ran before is on the node. */
const READY_SOON: Behaviour = { _tag: "Healthy", startup: Duration.seconds(5) };

const nextOf = (container: Container, behaviour: Behaviour, now: number): Container => {
  const due = now >= container.until;
  switch (container.state) {
    case "creating":
    case "pull-back-off":
      return due ? pulled(container, behaviour, now) : container;
    case "pull-failed":
      return due
        ? {
            ...container,
            state: "pull-back-off",
            since: now,
            until: now + backOffMillis(container.failedPulls),
          }
        : container;
    case "running":
      if (behaviour._tag === "CrashLoop") {
        return due || container.until === Number.POSITIVE_INFINITY
          ? crashed(container, behaviour.exitCode, now)
          : container;
      }
      if (behaviour._tag === "NeverReady") {
        return { ...container, until: Number.POSITIVE_INFINITY };
      }
      return due || container.until === Number.POSITIVE_INFINITY
        ? { ...container, state: "ready", since: now, until: Number.POSITIVE_INFINITY }
        : container;
    case "ready":
      if (behaviour._tag === "CrashLoop") return crashed(container, behaviour.exitCode, now);
      return behaviour._tag === "NeverReady" ? { ...container, state: "running" } : container;
    case "back-off":
      return due ? restarted(container, behaviour, now) : container;
  }
};

/** The container as it is now; the same object when nothing changed. */
export const advanced = (container: Container, behaviour: Behaviour, now: number): Container => {
  let current = container;
  while (true) {
    const next = nextOf(current, behaviour, now);
    if (
      next.state === current.state &&
      next.since === current.since &&
      next.until === current.until
    ) {
      return current;
    }
    current = next;
  }
};
