import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../../src/domain/kube/objects.ts";
import {
  isNodeComing,
  schedulingReason,
} from "../../../../src/domain/rollout/trouble/autoscaling.ts";
import { creationTrouble } from "../../../../src/domain/rollout/trouble/creation-trouble.ts";
import {
  podTrouble,
  type Trouble,
  type TroubleKind,
  troubleClass,
} from "../../../../src/domain/rollout/trouble/pod-trouble.ts";
import { describeRootCause } from "../../../../src/words/rollout/trouble.ts";

const IMAGE = "registry.example.com/tars/envoy:1.2.0";

interface Shape {
  readonly state?: object;
  readonly lastState?: object;
  readonly restartCount?: number;
  readonly conditions?: ReadonlyArray<object>;
  readonly phase?: string;
  readonly deleted?: boolean;
}

const pod = ({ state, lastState, restartCount = 0, conditions, phase, deleted }: Shape) => {
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "egress-1",
      namespace: "tars-dataplane",
      ...(deleted === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { containers: [{ name: "envoy", image: IMAGE }] },
    status: {
      phase: phase ?? "Pending",
      conditions: conditions ?? [{ type: "PodScheduled", status: "True" }],
      containerStatuses: [
        { name: "envoy", image: IMAGE, ready: false, restartCount, state, lastState },
      ],
    },
  };
  return object;
};

const waiting = (reason: string, message = "") => ({ state: { waiting: { reason, message } } });
const pull = (why: string) =>
  waiting(
    "ImagePullBackOff",
    `Back-off pulling image "${IMAGE}": ErrImagePull: rpc error: code = X desc = failed to resolve reference "${IMAGE}": ${why}`,
  );
const ended = (exitCode: number, reason = "Error", message?: string) => ({
  terminated: { exitCode, reason, ...(message === undefined ? {} : { message }) },
});
const crashed = (restartCount: number, exitCode = 1, reason = "Error"): Shape => ({
  ...waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
  lastState: ended(exitCode, reason),
  restartCount,
});

const lineOf = (trouble: Trouble | undefined): string =>
  describeRootCause({
    subject: { kind: "Pod", namespace: "tars-dataplane", name: "egress-1" },
    trouble: trouble ?? assert.fail("nothing is wrong"),
    missingImage: undefined,
  });

describe("what is wrong with a pod", () => {
  const cases: ReadonlyArray<readonly [string, Shape, TroubleKind]> = [
    ["an image that is not there", pull(`${IMAGE}: not found`), "image-not-found"],
    ["a manifest that is not there", pull("manifest unknown"), "image-not-found"],
    [
      "a registry that fails",
      pull("unexpected status: 503 Service Unavailable"),
      "registry-trouble",
    ],
    ["a registry that is slow", pull("dial tcp 192.0.2.1:443: i/o timeout"), "registry-trouble"],
    ["a registry with no name", pull("lookup registry: no such host"), "registry-trouble"],
    ["a registry that asks for patience", pull("429 Too Many Requests"), "registry-trouble"],
    ["a registry that refuses", pull("pull access denied, authorization failed"), "pull-denied"],
    ["a registry that knows nobody", pull("401 Unauthorized"), "pull-denied"],
    ["a pull that fails in other words", pull("unexpected media type"), "pull-failed"],
    ["an image name that is none", waiting("InvalidImageName", "bad"), "invalid-image-name"],
    [
      "a ConfigMap that is not there",
      waiting("CreateContainerConfigError", 'configmap "tars" not found'),
      "missing-config",
    ],
    [
      "a command that is not there",
      waiting("RunContainerError", 'exec: "envoyy": executable file not found in $PATH'),
      "bad-command",
    ],
    ["a command that a shell cannot run", crashed(1, 127), "bad-command"],
    ["a first crash", crashed(1), "crashed"],
    ["a third crash", crashed(3), "crash-loop"],
    ["a container that runs out of memory", crashed(4, 137, "OOMKilled"), "crash-loop"],
    ["a pod that runs and is not ready", { state: { running: {} } }, "not-ready"],
    ["a pod that is being made", waiting("ContainerCreating"), "not-started"],
    [
      "a pod that fits nowhere",
      {
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" },
        ],
      },
      "unschedulable",
    ],
    ["a pod that was evicted", { phase: "Failed" }, "evicted"],
    ["a Job's pod that failed by itself", { phase: "Failed", state: ended(1) }, "crashed"],
  ];

  it.each(cases)("%s", (_, shape, kind) => {
    assert.strictEqual(podTrouble(pod(shape))?.kind, kind);
  });

  it("is nothing once it is ready, or on its way out", () => {
    const ready = [{ type: "Ready", status: "True" }];
    assert.isUndefined(podTrouble(pod({ ...crashed(7), conditions: ready })));
    assert.isUndefined(podTrouble(pod({ ...pull("not found"), deleted: true })));
    assert.isUndefined(podTrouble(pod({ phase: "Succeeded", state: ended(0, "Completed") })));
  });

  it("is found in events where the status does not say it", () => {
    const bare = pod(waiting("ImagePullBackOff", `Back-off pulling image "${IMAGE}"`));
    const event = `Failed to pull image "${IMAGE}": 503 Service Unavailable`;
    assert.strictEqual(podTrouble(bare)?.kind, "pull-failed");
    assert.strictEqual(
      podTrouble(bare, { messages: [event], nodeComing: false })?.kind,
      "registry-trouble",
    );
    const mount = 'MountVolume.SetUp failed for volume "config" : configmap "tars" not found';
    const creating = pod(waiting("ContainerCreating"));
    assert.strictEqual(
      podTrouble(creating, { messages: [mount], nodeComing: false })?.kind,
      "missing-config",
    );
  });

  it("does not take words in the name of an image for words about it", () => {
    const image = "registry.example.com/timeout/forbidden-503:not-found";
    const shape = waiting("ErrImagePull", `failed to pull "${image}": unexpected media type`);
    assert.strictEqual(podTrouble(pod(shape))?.kind, "pull-failed");
  });
});

describe("pods that cannot be made", () => {
  const failing = (message: string) =>
    creationTrouble({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "egress" },
      status: {
        conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }],
      },
    });

  it.each<[string, TroubleKind]>([
    ['pods "egress-1" is forbidden: exceeded quota: compute, requested: cpu=2', "quota-exceeded"],
    ['pods "e" is forbidden: failed quota: compute: must specify limits.cpu', "quota-unmet"],
    [
      'pods "e" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      "limit-range",
    ],
    ['pods "e" is forbidden: minimum cpu usage per Pod is 1, but request is 100m', "limit-range"],
    ['pods "e" is forbidden: memory max limit to request ratio per Container is 2', "limit-range"],
    [
      'pods "e" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot',
      "pod-security",
    ],
    [
      'pods "e" is forbidden: unable to validate against any security context constraint: [x]',
      "security-context",
    ],
    [
      "pods \"e\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'b' denied request: no",
      "policy-refused",
    ],
    [
      'admission webhook "validate.kyverno.svc-fail" denied the request: \n\npolicy x:\n  no',
      "admission-refused",
    ],
    [
      'pods "e" is forbidden: error looking up service account a/b: serviceaccount "b" not found',
      "missing-account",
    ],
    ['pods "e" is forbidden: no PriorityClass with name high was found', "missing-priority-class"],
  ])("are refused for sure: %s", (message, kind) => {
    const trouble = failing(message);
    assert.strictEqual(trouble?.kind, kind);
    assert.deepInclude(troubleClass(kind), { severity: "lasting", graceSeconds: 60 });
  });

  it.each<[string, TroubleKind]>([
    ['failed calling webhook "pods.aigateway": connection refused', "webhook-silent"],
    ["etcdserver: request timed out", "not-created"],
  ])("are waited for: %s", (message, kind) => {
    assert.strictEqual(failing(message)?.kind, kind);
    assert.strictEqual(troubleClass(kind).severity, "transient");
  });

  it("say why, also where that comes lines later", () => {
    const trouble = failing(
      'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod was blocked\n\nrequire-labels:\n  check: label team is required',
    );
    assert.match(lineOf(trouble), /label team is required$/);
  });
});

describe("a pod that fits on no node", () => {
  const message =
    "0/9 nodes are available: 3 Insufficient cpu, 3 node(s) had untolerated taint {gpu: true}. preemption: 0/9 nodes are available: 6 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.";
  const pending = pod({
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
  });

  it("says for want of what, and not that preemption does not help", () => {
    assert.strictEqual(
      lineOf(podTrouble(pending)),
      "pod tars-dataplane/egress-1 fits on no node: Unschedulable: 0/9 nodes are available: 3 Insufficient cpu, 3 node(s) had untolerated taint {gpu: true}",
    );
    assert.strictEqual(
      schedulingReason(
        "0/3 nodes are available: 3 Insufficient memory. no new claims to deallocate, preemption: 0/3",
      ),
      "0/3 nodes are available: 3 Insufficient memory",
    );
    assert.strictEqual(schedulingReason("pod has unbound claims."), "pod has unbound claims");
  });

  it("is given the time that a node takes, while one is on its way", () => {
    const trouble = podTrouble(pending, { messages: [], nodeComing: true });
    assert.strictEqual(trouble?.kind, "awaiting-node");
    assert.isAtLeast(troubleClass("awaiting-node").graceSeconds, 600);
  });

  const told = (...reasons: ReadonlyArray<string>) =>
    isNodeComing(
      reasons.map((text): KubeObject => {
        const [reason, component = "default-scheduler"] = text.split(" by ");
        const source = { component };
        return {
          apiVersion: "v1",
          kind: "Event",
          metadata: { name: text },
          reason,
          source,
        } as never;
      }),
    );

  it.each<[ReadonlyArray<string>, boolean]>([
    [[], false],
    [["FailedScheduling"], false],
    [["FailedScheduling", "TriggeredScaleUp by cluster-autoscaler"], true],
    [["NotTriggerScaleUp by cluster-autoscaler", "TriggeredScaleUp by cluster-autoscaler"], false],
    [["TriggeredScaleUp by cluster-autoscaler", "NotTriggerScaleUp by cluster-autoscaler"], true],
    [["FailedScaleUp by cluster-autoscaler", "TriggeredScaleUp by cluster-autoscaler"], false],
    [["FailedScheduling", "Nominated by karpenter"], true],
    [["FailedScheduling by karpenter", "Nominated by karpenter"], false],
  ])("knows from %j whether one is: %s", (reasons, coming) => {
    assert.strictEqual(told(...reasons), coming);
  });
});

describe("the root cause", () => {
  it("of a container that ends says how, and how often", () => {
    const line =
      "pod tars-dataplane/egress-1, container envoy (image registry.example.com/tars/envoy:1.2.0)";
    assert.strictEqual(
      lineOf(podTrouble(pod(crashed(4, 137, "OOMKilled")))),
      `${line} keeps crashing: CrashLoopBackOff: out of memory (OOMKilled), restarted 4 times`,
    );
    assert.strictEqual(
      lineOf(podTrouble(pod({ ...crashed(1), lastState: ended(2, "Unusual", "bad flag") }))),
      `${line} crashed: CrashLoopBackOff: exit code 2 (Unusual): bad flag`,
    );
    assert.strictEqual(
      lineOf(podTrouble(pod({ phase: "Failed", state: ended(127) }))),
      `${line} has a command that cannot be run: Error: exit code 127`,
    );
  });

  it("names pod, container, image and the innermost reason on one line", () => {
    assert.strictEqual(
      lineOf(podTrouble(pod(pull(`${IMAGE}: not found`)))),
      `pod tars-dataplane/egress-1, container envoy (image ${IMAGE}) needs an image that does not exist: ImagePullBackOff: ${IMAGE}: not found`,
    );
  });
});

it("nothing ends a rollout before Helm is past its writes", () => {
  for (const kind of ["invalid-image-name", "image-not-found", "bad-command", "crash-loop"]) {
    assert.isAtLeast(troubleClass(kind as TroubleKind).graceSeconds, 5);
  }
});
