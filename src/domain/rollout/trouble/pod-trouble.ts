/** What keeps a pod from becoming ready, in one table: whether it can pass, and how long to wait. */
import { fieldAt, type KubeObject, listAt, numberAt, stringAt } from "../../kube/objects.ts";

/** `fatal`: only an operator can fix it. `lasting`: fatal when it lasts. `transient`: it passes by itself, or may. */
export type Severity = "fatal" | "lasting" | "transient";

interface TroubleClass {
  readonly severity: Severity;
  /** How long it must have been seen before it ends a rollout, in seconds. */
  readonly graceSeconds: number;
}

/** Long enough for Helm to be past its writes and waiting when a rollout is ended early. */
const SHORTEST_GRACE = 5;
/** An answer, not an outage: it stays the same until the rule or the pod is changed. */
const REFUSED_FOR_SURE = 60;
/** A container that died this often and is not back is not coming back. */
const CRASHES_UNTIL_FATAL = 3;

const fatal = (graceSeconds = SHORTEST_GRACE): TroubleClass => ({
  severity: "fatal",
  graceSeconds,
});
const lasting = (graceSeconds: number): TroubleClass => ({ severity: "lasting", graceSeconds });
const transient: TroubleClass = {
  severity: "transient",
  graceSeconds: Number.POSITIVE_INFINITY,
};

const TROUBLE_CLASSES = {
  "invalid-image-name": fatal(),
  "image-not-found": fatal(),
  "bad-command": fatal(),
  "missing-config": fatal(30),
  "pull-denied": lasting(60),
  "crash-loop": lasting(SHORTEST_GRACE),
  unschedulable: lasting(120),
  // As long as autoscalers themselves wait for a node.
  "awaiting-node": lasting(900),
  "quota-exceeded": lasting(REFUSED_FOR_SURE),
  "quota-unmet": lasting(REFUSED_FOR_SURE),
  "limit-range": lasting(REFUSED_FOR_SURE),
  "pod-security": lasting(REFUSED_FOR_SURE),
  "security-context": lasting(REFUSED_FOR_SURE),
  "policy-refused": lasting(REFUSED_FOR_SURE),
  "admission-refused": lasting(REFUSED_FOR_SURE),
  "missing-account": lasting(REFUSED_FOR_SURE),
  "missing-priority-class": lasting(REFUSED_FOR_SURE),
  "registry-trouble": transient,
  "pull-failed": transient,
  "webhook-silent": transient,
  "not-created": transient,
  evicted: transient,
  crashed: transient,
  "not-ready": transient,
  "not-started": transient,
} as const satisfies Record<string, TroubleClass>;

export type TroubleKind = keyof typeof TROUBLE_CLASSES;

export const troubleClass = (kind: TroubleKind): TroubleClass => TROUBLE_CLASSES[kind];

export interface Trouble {
  readonly kind: TroubleKind;
  /** `undefined` where the pod as a whole is meant. */
  readonly container: string | undefined;
  readonly image: string | undefined;
  /** Kubernetes' own word, e.g. `ImagePullBackOff`. */
  readonly reason: string;
  /** What Kubernetes, the registry or the runtime said. */
  readonly detail: string;
  /** How the container ended, where that says more. */
  readonly ended?: EndedContainer | undefined;
}

/** The part that a report shows. */
export type ToldTrouble = Pick<Trouble, "reason" | "detail" | "ended">;

export interface EndedContainer {
  readonly code: number | undefined;
  /** Kubernetes' own word, e.g. `OOMKilled`. */
  readonly reason: string | undefined;
  readonly message: string | undefined;
  /** How often it was restarted, where it keeps ending. */
  readonly restarts?: number;
}

const MISSING_IMAGE =
  /not ?found|manifest unknown|no such (?:image|manifest)|name unknown|does not exist/i;
const DENIED =
  /unauthori[sz]ed|forbidden|access denied|authentication required|authorization failed|\b40[13]\b/i;
const UNAVAILABLE =
  /\b(?:429|5\d\d)\b|too many requests|toomanyrequests|timed? ?out|i\/o timeout|deadline exceeded|connection (?:refused|reset)|no such host|temporary failure|tls handshake|EOF|service unavailable/i;
const UNRUNNABLE =
  /executable file not found|no such file or directory|permission denied|exec format error|not a directory/i;
const MISSING_CONFIG =
  /(?:configmap|secret)s? .*not found|couldn't find key|references non-existent/i;

/** A pull that was refused for certain outweighs a word such as "timeout" in the name of an image, so order matters. */
const pullKind = (text: string): TroubleKind => {
  if (UNAVAILABLE.test(withoutImageNames(text))) return "registry-trouble";
  if (DENIED.test(withoutImageNames(text))) return "pull-denied";
  if (MISSING_IMAGE.test(withoutImageNames(text))) return "image-not-found";
  return "pull-failed";
};

const withoutImageNames = (text: string): string =>
  text.replace(/"[^"]*"/g, '""').replace(/(?<!\S)\S+:[\w][\w.-]*: (?=not found)/g, "");

const PULL_REASONS = new Set(["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"]);
const UNRUNNABLE_REASONS = new Set([
  "CreateContainerError",
  "RunContainerError",
  "StartError",
  "ContainerCannotRun",
]);
/** What a shell and a runtime answer for a command that cannot be run. */
const UNRUNNABLE_EXITS = new Set([126, 127, 128]);

interface ContainerView {
  readonly name: string;
  readonly image: string | undefined;
  readonly init: boolean;
  readonly ready: boolean;
  readonly restarts: number;
  readonly state: unknown;
  readonly lastState: unknown;
}

const containersOf = (pod: KubeObject): ReadonlyArray<ContainerView> => {
  const view =
    (init: boolean) =>
    (status: unknown): ContainerView => ({
      name: stringAt(status, "name") ?? "",
      image: imageAsked(pod, stringAt(status, "name")) ?? stringAt(status, "image"),
      init,
      ready: fieldAt(status, "ready") === true,
      restarts: numberAt(status, "restartCount") ?? 0,
      state: fieldAt(status, "state"),
      lastState: fieldAt(status, "lastState"),
    });
  return [
    ...listAt(pod, "status", "initContainerStatuses").map(view(true)),
    ...listAt(pod, "status", "containerStatuses").map(view(false)),
  ];
};

/** As the pod asks for it: a runtime may report another name for the same image. */
const imageAsked = (pod: KubeObject, name: string | undefined): string | undefined =>
  stringAt(
    [...listAt(pod, "spec", "initContainers"), ...listAt(pod, "spec", "containers")].find(
      (container) => stringAt(container, "name") === name,
    ),
    "image",
  );

const endedAs = (container: ContainerView): EndedContainer => {
  const ended =
    fieldAt(container.lastState, "terminated") ?? fieldAt(container.state, "terminated");
  return {
    code: numberAt(ended, "exitCode"),
    reason: stringAt(ended, "reason"),
    message: stringAt(ended, "message"),
  };
};

const containerTrouble = (
  container: ContainerView,
  messages: ReadonlyArray<string>,
): Trouble | undefined => {
  const { name, image, state, lastState, restarts } = container;
  const waiting = fieldAt(state, "waiting");
  const reason = stringAt(waiting, "reason") ?? "";
  const detail = stringAt(waiting, "message") ?? "";
  const trouble = (kind: TroubleKind, why = reason, said = detail): Trouble => ({
    kind,
    container: name,
    image,
    reason: why,
    detail: said,
  });
  if (reason === "InvalidImageName" || reason === "ErrImageNeverPull") {
    return trouble("invalid-image-name");
  }
  if (PULL_REASONS.has(reason)) {
    // Kubelets before 1.31 say why in an event only.
    const said = /: /.test(detail) ? detail : (messages.find((one) => /pull/i.test(one)) ?? detail);
    return trouble(pullKind(said), reason, said);
  }
  if (reason === "CreateContainerConfigError") return trouble("missing-config");
  const ended = fieldAt(lastState, "terminated") ?? fieldAt(state, "terminated");
  const endReason = stringAt(ended, "reason") ?? "";
  const failed = ended !== undefined && numberAt(ended, "exitCode") !== 0;
  const unrunnable =
    (UNRUNNABLE_REASONS.has(reason) && UNRUNNABLE.test(detail)) ||
    (UNRUNNABLE_REASONS.has(endReason) && failed) ||
    (failed && UNRUNNABLE_EXITS.has(numberAt(ended, "exitCode") ?? 0));
  if (unrunnable) {
    const found = trouble("bad-command", reason || endReason);
    return detail === "" ? { ...found, ended: endedAs(container) } : found;
  }
  if (failed && restarts >= CRASHES_UNTIL_FATAL && !container.ready) {
    const found = trouble("crash-loop", reason || "CrashLoopBackOff", "");
    return { ...found, ended: { ...endedAs(container), restarts } };
  }
  if (failed && !container.ready) {
    return { ...trouble("crashed", reason || endReason, ""), ended: endedAs(container) };
  }
  return undefined;
};

const conditionAt = (pod: KubeObject, type: string): unknown =>
  listAt(pod, "status", "conditions").find((one) => stringAt(one, "type") === type);

const unready = (pod: KubeObject, messages: ReadonlyArray<string>): Trouble | undefined => {
  const missing = messages.find((message) => MISSING_CONFIG.test(message));
  const waiting = containersOf(pod).find(
    ({ ready, init, state }) => !ready && !(init && fieldAt(state, "terminated") !== undefined),
  );
  const about = { container: waiting?.name, image: waiting?.image };
  if (fieldAt(waiting?.state, "running") !== undefined) {
    const probe = messages.find((message) => /probe failed/i.test(message));
    return { kind: "not-ready", ...about, reason: "NotReady", detail: probe ?? "" };
  }
  if (missing !== undefined) {
    return { kind: "missing-config", ...about, reason: "FailedMount", detail: missing };
  }
  const reason = stringAt(waiting?.state, "waiting", "reason") ?? stringAt(pod, "status", "phase");
  const detail = stringAt(waiting?.state, "waiting", "message") ?? messages[0] ?? "";
  return { kind: "not-started", ...about, reason: reason ?? "Pending", detail };
};

export const isReadyPod = (pod: KubeObject): boolean =>
  stringAt(conditionAt(pod, "Ready"), "status") === "True";

const RANK: Readonly<Record<Severity, number>> = { fatal: 0, lasting: 1, transient: 2 };

/** The worst first; between equals, the order of the containers. */
export const bySeverity = (left: Trouble, right: Trouble): number =>
  RANK[troubleClass(left.kind).severity] - RANK[troubleClass(right.kind).severity];

/** What the events of a pod tell of it beside its status. */
export interface ToldOfPod {
  /** Messages of its warnings, newest first. */
  readonly messages: ReadonlyArray<string>;
  /** An autoscaler is making room for it. */
  readonly nodeComing: boolean;
}

export const NOTHING_TOLD: ToldOfPod = { messages: [], nodeComing: false };

/** The worst thing about a pod that is not ready; nothing for one that is ready or on its way out. */
export const podTrouble = (
  pod: KubeObject,
  { messages, nodeComing }: ToldOfPod = NOTHING_TOLD,
): Trouble | undefined => {
  if (isReadyPod(pod) || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const phase = stringAt(pod, "status", "phase");
  if (phase === "Succeeded") return undefined;
  const whole = { container: undefined, image: undefined };
  const failed = containersOf(pod)
    .flatMap((container) => containerTrouble(container, messages) ?? [])
    .sort(bySeverity);
  if (phase === "Failed") {
    // A Job's pod fails by itself: then its containers tell why.
    const [itself] = stringAt(pod, "status", "reason") === undefined ? failed : [];
    const reason = stringAt(pod, "status", "reason") ?? "Failed";
    const detail = stringAt(pod, "status", "message") ?? "";
    return itself ?? { kind: "evicted", ...whole, reason, detail };
  }
  const scheduled = conditionAt(pod, "PodScheduled");
  if (stringAt(scheduled, "status") === "False") {
    const reason = stringAt(scheduled, "reason") ?? "Unschedulable";
    const noRoom = nodeComing ? "awaiting-node" : "unschedulable";
    const kind = reason === "Unschedulable" ? noRoom : "not-started";
    return { kind, ...whole, reason, detail: stringAt(scheduled, "message") ?? "" };
  }
  return failed[0] ?? unready(pod, messages);
};
