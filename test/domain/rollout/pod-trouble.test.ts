import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube.ts";
import {
  creationTrouble,
  describeTrouble,
  podTrouble,
  type TroubleKind,
  troubleClass,
} from "../../../src/domain/rollout/pod-trouble.ts";

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
  ];

  it.each(cases)("%s", (_, shape, kind) => {
    assert.strictEqual(podTrouble(pod(shape))?.kind, kind);
  });

  it("is nothing once it is ready, or on its way out", () => {
    const ready = [{ type: "Ready", status: "True" }];
    assert.isUndefined(podTrouble(pod({ ...crashed(7), conditions: ready })));
    assert.isUndefined(podTrouble(pod({ ...pull("not found"), deleted: true })));
  });

  it("is found in events where the status does not say it", () => {
    const bare = pod(waiting("ImagePullBackOff", `Back-off pulling image "${IMAGE}"`));
    const event = `Failed to pull image "${IMAGE}": 503 Service Unavailable`;
    assert.strictEqual(podTrouble(bare)?.kind, "pull-failed");
    assert.strictEqual(podTrouble(bare, [event])?.kind, "registry-trouble");
    const mount = 'MountVolume.SetUp failed for volume "config" : configmap "tars" not found';
    const creating = pod(waiting("ContainerCreating"));
    assert.strictEqual(podTrouble(creating, [mount])?.kind, "missing-config");
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

  it("for want of quota are lost if that lasts, for a webhook they are waited for", () => {
    const quota = failing('pods "egress-1" is forbidden: exceeded quota: compute');
    assert.strictEqual(quota?.kind, "quota-exceeded");
    const webhook = failing('failed calling webhook "pods.aigateway": connection refused');
    assert.strictEqual(webhook?.kind, "admission-refused");
    assert.strictEqual(troubleClass("admission-refused").severity, "transient");
  });
});

describe("the root cause", () => {
  it("names pod, container, image and the innermost reason on one line", () => {
    const trouble = podTrouble(pod(pull(`${IMAGE}: not found`)));
    assert.isDefined(trouble);
    if (trouble === undefined) return;
    assert.strictEqual(
      describeTrouble("tars-dataplane/egress-1", trouble),
      `pod tars-dataplane/egress-1, container envoy (image ${IMAGE}) needs an image that does not exist: ImagePullBackOff: ${IMAGE}: not found`,
    );
  });
});

it("nothing ends a rollout before Helm is past its writes", () => {
  for (const kind of ["invalid-image-name", "image-not-found", "bad-command", "crash-loop"]) {
    assert.isAtLeast(troubleClass(kind as TroubleKind).graceSeconds, 5);
  }
});
