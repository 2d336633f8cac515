/** How long the proxies that run now may drain: their own preStop hook decides, whatever the EnvoyProxy asks by now. */
import { Duration } from "effect";
import { fieldAt, type KubeObject, listAt, numberAt, stringAt } from "../kube/objects.ts";
import { parseGoDuration } from "../text/go-duration.ts";

export interface RunningDrain {
  /** The name of the Deployment, or the DaemonSet. */
  readonly deployment: string;
  readonly replicas: number;
  /** The longest time between a pod's deletion and the end of its streams; `undefined` when it cannot be read. */
  readonly drain: Duration.Duration | undefined;
  /** The pods' termination grace period, after which the kubelet kills them. */
  readonly grace: Duration.Duration;
}

/** The defaults of `envoy-gateway envoy shutdown` and `envoy-gateway envoy shutdown-manager`. */
const DEFAULT_DRAIN = Duration.seconds(60);
const DEFAULT_READY = Duration.seconds(610);
/** The default of Kubernetes. */
const DEFAULT_GRACE = Duration.seconds(30);

const SHUTDOWN_MANAGER = "shutdown-manager";

const containerNamed = (podSpec: unknown, name: string): unknown =>
  listAt(podSpec, "containers").find((container) => stringAt(container, "name") === name);

const stringsOf = (list: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  list.filter((item) => typeof item === "string");

/** Both forms that Go's pflag reads; the last one counts. */
const flagValue = (words: ReadonlyArray<string>, flag: string): string | undefined => {
  const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  return word === flag ? (words[at + 1] ?? "") : word?.slice(flag.length + 1);
};

const durationOf = (
  words: ReadonlyArray<string>,
  flag: string,
  absent: Duration.Duration,
): Duration.Duration | undefined => {
  const text = flagValue(words, flag);
  return text === undefined ? absent : parseGoDuration(text);
};

/** `envoy-gateway envoy shutdown …`; a hook that runs anything else is not understood. */
const shutdownFlags = (command: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  command[0]?.split("/").at(-1) === "envoy-gateway" &&
  command[1] === "envoy" &&
  command[2] === "shutdown"
    ? command.slice(3)
    : undefined;

/** The hook of the shutdown manager ends the drain; Envoy itself waits for that no longer than its own hook is answered. */
const drainOfHooks = (podSpec: unknown): Duration.Duration | undefined => {
  const manager = containerNamed(podSpec, SHUTDOWN_MANAGER);
  const command = stringsOf(listAt(manager, "lifecycle", "preStop", "exec", "command"));
  const flags = shutdownFlags(command);
  if (flags === undefined) return undefined;
  const drain = durationOf(flags, "--drain-timeout", DEFAULT_DRAIN);
  const ready = durationOf(stringsOf(listAt(manager, "args")), "--ready-timeout", DEFAULT_READY);
  return drain === undefined || ready === undefined ? undefined : Duration.min(drain, ready);
};

const replicasOf = (workload: KubeObject): number =>
  numberAt(workload, "status", "replicas") ??
  numberAt(workload, "status", "desiredNumberScheduled") ??
  numberAt(workload, "spec", "replicas") ??
  0;

const graceOf = (podSpec: unknown): Duration.Duration => {
  const seconds = numberAt(podSpec, "terminationGracePeriodSeconds");
  return seconds === undefined ? DEFAULT_GRACE : Duration.seconds(seconds);
};

const drainOf = (podSpec: unknown): Duration.Duration | undefined => {
  const drain = drainOfHooks(podSpec);
  return drain === undefined ? undefined : Duration.min(drain, graceOf(podSpec));
};

/** The longest time between the deletion of this proxy pod and the end of its streams. */
export const podDrain = (pod: KubeObject): Duration.Duration | undefined =>
  drainOf(fieldAt(pod, "spec"));

/** @param deployment a data-plane Deployment or DaemonSet, as Envoy Gateway makes them, or one of its ReplicaSets */
export const runningDrain = (deployment: KubeObject): RunningDrain => {
  const podSpec = fieldAt(deployment, "spec", "template", "spec");
  return {
    deployment: deployment.metadata.name,
    replicas: replicasOf(deployment),
    drain: drainOf(podSpec),
    grace: graceOf(podSpec),
  };
};
