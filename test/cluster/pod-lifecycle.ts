/**
 * What a pod does on the fake nodes, as KWOK stages. By default it becomes ready in about a second.
 * A word in the tag of any of its images, or the annotation or label `test.tars.io/behaviour`, makes
 * it fail as a kubelet would report it.
 */

const behaviours = ["never-ready", "crash-loop", "no-such-image", "registry-blip"] as const;

/** Of the annotation or the label, which speaks for all main containers; else of an image tag. */
const behaviourQuery = `
  .metadata.annotations["test.tars.io/behaviour"] // .metadata.labels["test.tars.io/behaviour"]
  // ([(.spec.containers + (.spec.initContainers // []))[].image
      | capture(":[^/@:]*(?<word>${behaviours.join("|")})[^/@:]*(@|$)").word][0])
  // "ready"`;

const waitingReasons = `
  [(.status.containerStatuses // []) + (.status.initContainerStatuses // []) | .[].state.waiting.reason // ""]`;

const restarts = `
  ([(.status.containerStatuses // []) + (.status.initContainerStatuses // []) | .[].restartCount] | max // 0)`;

interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: ReadonlyArray<string>;
}

const alive: Requirement = { key: ".metadata.deletionTimestamp", operator: "DoesNotExist" };
const terminating: Requirement = { key: ".metadata.deletionTimestamp", operator: "Exists" };
const phase = (...values: string[]): Requirement => ({
  key: ".status.phase",
  operator: "In",
  values,
});
const holds = (key: string): Requirement => ({ key, operator: "In", values: ["true"] });
const behaves = (...values: string[]): Requirement => ({
  key: behaviourQuery,
  operator: "In",
  values,
});
const waitsWith = (reason: string) => holds(`${waitingReasons} | any(. == "${reason}")`);
const waitsNotWith = (reason: string) => holds(`${waitingReasons} | all(. != "${reason}")`);
const started = { key: ".status.podIP", operator: "Exists" } as const;
const ofJob: Requirement = {
  key: ".metadata.ownerReferences.[].kind",
  operator: "In",
  values: ["Job"],
};

/** Milliseconds, or a jq query for a Go duration; both: the first where the query yields nothing. */
interface Delay {
  readonly milliseconds: number;
  readonly query?: string;
}

function stage(
  name: string,
  selector: ReadonlyArray<Requirement>,
  delay: Delay,
  steps: ReadonlyArray<object>,
): object {
  return {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "Pod" },
      selector: { matchExpressions: selector },
      delay: {
        durationMilliseconds: delay.milliseconds,
        ...(delay.query ? { durationFrom: { expressionFrom: delay.query } } : {}),
      },
      steps,
    },
  };
}

const status = (template: string) => ({
  patch: { subresource: "status", root: "status", template, type: "strategic" },
});

/** The YAML of one container status; the dot is the container, `$count` its restarts so far. */
type StatusOf = string;

const fields = (ready: boolean, running: boolean) =>
  `ready: ${ready}, started: ${running}, restartCount: {{ $count }}`;
const running: StatusOf = `${fields(true, true)}, state: {running: {startedAt: {{ $now | Quote }} } }`;
const unready: StatusOf = `${fields(false, true)}, state: {running: {startedAt: {{ $now | Quote }} } }`;
const completed: StatusOf = `ready: true, started: false, restartCount: 0, state: {terminated:
    {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }`;
const waiting = (reason: string, message = '""'): StatusOf =>
  `${fields(false, false)}, state: {waiting: {reason: ${reason}, message: ${message} } }`;

const exit = `{exitCode: {{ $exitCode }}, reason: Error, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} }`;
const failed: StatusOf = `ready: false, started: false, restartCount: 0, state: {terminated: ${exit} }`;
const crashed: StatusOf = `ready: false, started: false, restartCount: {{ add1 $count }},
    lastState: {terminated: ${exit} },
    state: {waiting: {reason: CrashLoopBackOff, message: {{ printf
      "back-off %ds restarting failed container=%s pod=%s_%s(%s)" (min 300 (mul 10 (add1 $count))) .name
      $.metadata.name $.metadata.namespace $.metadata.uid | Quote }} } }`;
const restarted: StatusOf = `${fields(false, true)}, lastState: {terminated: ${exit} },
    state: {running: {startedAt: {{ $now | Quote }} } }`;

const pullFailure = `(printf "failed to pull and unpack image %q: failed to resolve reference %q: %s"
    .image .image (ternary "unexpected status from HEAD request: 503 Service Unavailable"
      (printf "%s: not found" .image) $blip))`;
const pullCode = `(ternary "Unknown" "NotFound" $blip)`;
const pullError = waiting(
  "ErrImagePull",
  `{{ printf "rpc error: code = %s desc = %s" ${pullCode} ${pullFailure} | Quote }}`,
);
const pullBackOff = waiting(
  "ImagePullBackOff",
  `{{ printf "Back-off pulling image %q: ErrImagePull: rpc error: code = %s desc = %s" .image ${pullCode} ${pullFailure} | Quote }}`,
);

const preamble = `
{{ $now := Now }}
{{ $annotations := .metadata.annotations | default dict }}
{{ $labels := .metadata.labels | default dict }}
{{ $forced := get $annotations "test.tars.io/behaviour" | default (get $labels "test.tars.io/behaviour") }}
{{ $exitCode := get $annotations "test.tars.io/exit-code" | default "1" }}
{{ $tag := ":[^/@:]*(${behaviours.join("|")})[^/@:]*(@|$)" }}
{{ $initBlocked := false }}
{{ range .spec.initContainers }}{{ if regexMatch $tag .image }}{{ $initBlocked = true }}{{ end }}{{ end }}
{{ $unready := list }}
{{ range .spec.containers }}{{ if or $forced $initBlocked (regexMatch $tag .image) }}
{{ $unready = append $unready .name }}{{ end }}{{ end }}
{{ $unready = printf "containers with unready status: [%s]" (join " " $unready) }}
{{ $blip := eq $forced "registry-blip" }}
{{ range concat .spec.containers (.spec.initContainers | default list) }}
{{ if contains "registry-blip" .image }}{{ $blip = true }}{{ end }}{{ end }}`;

/** One event for each pod and reason, renewed when it happens again; the message is a template. */
const event = (type: "Normal" | "Warning", reason: string, message: string) => ({
  apply: {
    type: "apply",
    template: `${preamble}
{{ $affected := first .spec.containers }}
{{ range concat (.spec.initContainers | default list) .spec.containers | reverse }}
{{ if regexMatch $tag .image }}{{ $affected = . }}{{ end }}{{ end }}
apiVersion: v1
kind: Event
metadata: {name: {{ .metadata.name }}.${reason.toLowerCase()}.{{ substr 0 8 .metadata.uid }} }
involvedObject: {apiVersion: v1, kind: Pod, name: {{ .metadata.name }}, namespace: {{ .metadata.namespace }},
  uid: {{ .metadata.uid }}, fieldPath: "spec.containers{{ "{" }}{{ $affected.name }}{{ "}" }}"}
type: ${type}
reason: ${reason}
message: {{ with $affected }}${message}{{ end }}
source: {component: kubelet, host: {{ .spec.nodeName }} }
reportingComponent: kubelet
firstTimestamp: {{ .status.startTime | default .metadata.creationTimestamp | Quote }}
lastTimestamp: {{ $now | Quote }}
count: 1`,
  },
});

function containerList(
  field: "containerStatuses" | "initContainerStatuses",
  body: StatusOf,
): string {
  const source = field === "containerStatuses" ? "containers" : "initContainers";
  return `
${field}:
{{ range $index, $container := .spec.${source} }}{{ with $container }}
{{ $count := 0 }}
{{ with $.status.${field} }}{{ $count = (index . $index).restartCount | int }}{{ end }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ${body} }
{{ end }}{{ end }}`;
}

const condition = (type: string, holds: string, reason = "") =>
  `- {type: ${type}, status: ${holds}, reason: "${reason}", message: ${reason ? "{{ $unready | Quote }}" : '""'},
   lastProbeTime: null, lastTransitionTime: {{ $now | Quote }} }`;

const conditions = (initialized: string, ready: string) => `
conditions:
${condition("PodReadyToStartContainers", '"True"')}
${condition("Initialized", initialized)}
${condition("ContainersReady", ready, ready === '"True"' ? "" : "ContainersNotReady")}
${condition("Ready", ready, ready === '"True"' ? "" : "ContainersNotReady")}`;

/** Sidecars (init containers that restart always) run on; ordinary ones have ended well. */
const initStatuses = (affected: StatusOf) =>
  `{{ if .spec.initContainers }}${containerList(
    "initContainerStatuses",
    `{{ if regexMatch $tag .image }}${affected}
     {{ else if eq (.restartPolicy | default "") "Always" }}${running}{{ else }}${completed}{{ end }}`,
  )}{{ end }}`;

/** The whole status when the containers that misbehave are in one state and the rest are well. */
const misbehaving = (affected: StatusOf, podPhase: "Running" | "Pending") => `${preamble}
phase: {{ if $initBlocked }}Pending{{ else }}${podPhase}{{ end }}
${conditions('{{ if $initBlocked }}"False"{{ else }}"True"{{ end }}', '"False"')}
${initStatuses(affected)}
${containerList(
  "containerStatuses",
  `{{ if or $forced (regexMatch $tag .image) }}${affected}
   {{ else if $initBlocked }}${waiting("PodInitializing")}{{ else }}${running}{{ end }}`,
)}`;

const well = `${preamble}
phase: Running
${conditions('"True"', '"True"')}
${initStatuses(running)}
${containerList("containerStatuses", running)}`;

const creating = `${preamble}
phase: Pending
startTime: {{ $now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace | Quote }}
${conditions('{{ if .spec.initContainers }}"False"{{ else }}"True"{{ end }}', '"False"')}
{{ if .spec.initContainers }}${containerList("initContainerStatuses", waiting("PodInitializing"))}{{ end }}
${containerList(
  "containerStatuses",
  waiting("{{ if $.spec.initContainers }}PodInitializing{{ else }}ContainerCreating{{ end }}"),
)}`;

const ended = (podPhase: "Succeeded" | "Failed", state: StatusOf) => `${preamble}
phase: ${podPhase}
${conditions('"True"', '"False"')}
${containerList("containerStatuses", state)}`;

const pulls = behaves("no-such-image", "image-pull-fail", "registry-blip");
const blipSeconds = `(.metadata.annotations["test.tars.io/blip-seconds"] // "40" | tonumber)`;
const blipIsOver = `(${behaviourQuery}) == "registry-blip" and (now - (.status.startTime | fromdate)) >= ${blipSeconds}`;

export interface PodPace {
  /** How long a container takes to start and be ready, unless the pod says otherwise. */
  readonly readyMilliseconds: number;
}

export const podStages = ({ readyMilliseconds }: PodPace): ReadonlyArray<object> => [
  stage(
    "pod-create",
    [alive, { key: ".status.podIP", operator: "DoesNotExist" }],
    { milliseconds: 100 },
    [status(creating)],
  ),
  stage(
    "pod-ready",
    [alive, phase("Pending"), started, behaves("ready")],
    {
      milliseconds: readyMilliseconds,
      query: '.metadata.annotations["test.tars.io/ready-after"]',
    },
    [status(well), event("Normal", "Started", "Started container {{ .name }}")],
  ),
  stage(
    "pod-complete",
    [alive, phase("Running"), ofJob, behaves("ready")],
    { milliseconds: 300, query: '.metadata.annotations["test.tars.io/complete-after"]' },
    [status(ended("Succeeded", completed))],
  ),

  stage(
    "pod-never-ready",
    [alive, phase("Pending"), started, behaves("never-ready")],
    { milliseconds: 600 },
    [
      status(misbehaving(unready, "Running")),
      event(
        "Warning",
        "Unhealthy",
        '"Readiness probe failed: HTTP probe failed with statuscode: 503"',
      ),
    ],
  ),

  stage(
    "pod-crash",
    [
      alive,
      phase("Pending", "Running"),
      started,
      behaves("crash-loop"),
      waitsNotWith("CrashLoopBackOff"),
      { key: ".spec.restartPolicy", operator: "NotIn", values: ["Never"] },
    ],
    { milliseconds: 500 },
    [
      status(misbehaving(crashed, "Running")),
      event(
        "Warning",
        "BackOff",
        `{{ printf "Back-off restarting failed container %s in pod %s_%s(%s)" .name
          $.metadata.name $.metadata.namespace $.metadata.uid | Quote }}`,
      ),
    ],
  ),
  // The kubelet waits 10 s and doubles up to 5 minutes; here the loop turns faster.
  stage(
    "pod-restart",
    [alive, behaves("crash-loop"), waitsWith("CrashLoopBackOff")],
    { milliseconds: 2000, query: `"\\([${restarts} * 2, 10] | min)s"` },
    [status(misbehaving(restarted, "Running"))],
  ),
  stage(
    "pod-fail",
    [
      alive,
      phase("Pending"),
      started,
      behaves("crash-loop"),
      { key: ".spec.restartPolicy", operator: "In", values: ["Never"] },
    ],
    { milliseconds: 500 },
    [status(ended("Failed", failed))],
  ),

  stage(
    "pod-pull-error",
    [
      alive,
      phase("Pending"),
      started,
      pulls,
      waitsNotWith("ErrImagePull"),
      holds(`(${blipIsOver}) | not`),
    ],
    {
      milliseconds: 300,
      query: `if ${waitingReasons} | any(. == "ImagePullBackOff") then "5s" else "300ms" end`,
    },
    [
      status(misbehaving(pullError, "Pending")),
      event(
        "Warning",
        "Failed",
        `{{ printf "Failed to pull image %q: rpc error: code = %s desc = %s" .image ${pullCode} ${pullFailure} | Quote }}`,
      ),
    ],
  ),
  stage(
    "pod-pull-backoff",
    [alive, phase("Pending"), pulls, waitsWith("ErrImagePull")],
    { milliseconds: 1000 },
    [
      status(misbehaving(pullBackOff, "Pending")),
      event("Normal", "BackOff", `{{ printf "Back-off pulling image %q" .image | Quote }}`),
    ],
  ),
  stage(
    "pod-pull-recovers",
    [alive, phase("Pending"), started, waitsNotWith("ErrImagePull"), holds(blipIsOver)],
    { milliseconds: 0 },
    [status(well)],
  ),

  // A job's pod holds a finalizer until the job controller has seen it end.
  stage(
    "pod-stop",
    [terminating, { key: ".metadata.finalizers", operator: "Exists" }, phase("Pending", "Running")],
    { milliseconds: 200 },
    [status(ended("Failed", failed))],
  ),
  stage(
    "pod-delete",
    [terminating, { key: ".metadata.finalizers", operator: "DoesNotExist" }],
    { milliseconds: 300, query: '.metadata.annotations["test.tars.io/drain"]' },
    [{ delete: true }],
  ),
];
