/**
 * What holds a proxy in the cluster. Nothing of it needs tare to be alive: the policy refuses only while the guard's
 * Job runs, and Kubernetes itself ends a Job at its deadline.
 */
import { Duration } from "effect";
import {
  ConfigMap,
  Job,
  type KubeObject,
  type OwnerReference,
  type ResourceType,
} from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { guardName, HELD_LABEL, keeperName, policyName } from "./names.ts";

const HOLD_COMPONENT_LABEL = { "tars.io/component": "stream-hold" } as const;

const admission = (plural: string, kind: string): ResourceType => ({
  group: "admissionregistration.k8s.io",
  version: "v1",
  plural,
  kind,
  namespaced: false,
});
export const AdmissionPolicy = admission(
  "validatingadmissionpolicies",
  "ValidatingAdmissionPolicy",
);
export const AdmissionPolicyBinding = admission(
  "validatingadmissionpolicybindings",
  "ValidatingAdmissionPolicyBinding",
);

export interface HoldPlace {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
}

/** One run's hold; its name tells its timers and pods from those of a run that died. */
export interface NamedHold extends HoldPlace {
  readonly hold: string;
}

const RELEASE_LABEL = "tars.io/release";
const ROLE_LABEL = "tars.io/hold-role";

const labelsOf = ({ release }: HoldPlace) => ({
  ...HOLD_COMPONENT_LABEL,
  [RELEASE_LABEL]: release.name,
});

/** Finds the guards of every run, dead ones included. */
export const guardSelector = ({ release }: HoldPlace): string =>
  `${ROLE_LABEL}=guard,${RELEASE_LABEL}=${release.name}`;

/**
 * A Job that runs nothing and fails at its deadline, counted from its start: the one clock in a cluster that any account can
 * set. The template is never used, and would pass the strictest Pod Security.
 */
const timer = (
  place: HoldPlace,
  { name, role }: { readonly name: string; readonly role: "guard" | "keeper" },
  deadline: Duration.Duration,
): KubeObject => ({
  apiVersion: "batch/v1",
  kind: Job.kind,
  metadata: {
    name,
    namespace: place.dataplaneNamespace,
    labels: { ...labelsOf(place), [ROLE_LABEL]: role },
  },
  spec: {
    parallelism: 0,
    activeDeadlineSeconds: Math.ceil(Duration.toSeconds(deadline)),
    ttlSecondsAfterFinished: 0,
    template: {
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "timer",
            image: "unused",
            resources: {
              requests: { cpu: "1m", memory: "1Mi" },
              limits: { cpu: "1m", memory: "1Mi" },
            },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  },
});

/** While it runs, the policy refuses. The run that holds moves its deadline on as long as it lives. */
export const guardJob = (held: NamedHold, deadline: Duration.Duration): KubeObject =>
  timer(held, { name: guardName(held.hold), role: "guard" }, deadline);

/** When it ends, the garbage collector deletes the pods that were handed over. */
export const keeperJob = (held: NamedHold, deadline: Duration.Duration): KubeObject =>
  timer(held, { name: keeperName(held.hold), role: "keeper" }, deadline);

/**
 * Stands between the keeper's Job and the pods: a Job would give up pods that its selector does not match, and a pod
 * without any controller would stop `kubectl drain`.
 */
export const keeperOwner = (held: NamedHold, job: KubeObject): KubeObject => ({
  apiVersion: "v1",
  kind: ConfigMap.kind,
  metadata: {
    name: job.metadata.name,
    namespace: held.dataplaneNamespace,
    labels: labelsOf(held),
    ownerReferences: [
      {
        apiVersion: "batch/v1",
        kind: Job.kind,
        name: job.metadata.name,
        uid: job.metadata.uid ?? "",
      },
    ],
  },
});

export const ownerReferenceTo = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  controller: true,
});

/** Depending on the controller manager's settings the ReplicaSet controller has an account of its own or not. */
const REPLICA_SET_CONTROLLERS = [
  "system:serviceaccount:kube-system:replicaset-controller",
  "system:kube-controller-manager",
];

/**
 * Refuses the ReplicaSet controller the deletion of held pods, and nothing else: operators, evictions, a node's end and the
 * kubelet's last deletion pass. A dry run is refused to everybody, which is how a run sees that the policy is in force.
 * @param message what the server says when it refuses
 */
export const holdPolicy = (place: HoldPlace, message: string): KubeObject => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: AdmissionPolicy.kind,
  metadata: { name: policyName(place.release), labels: labelsOf(place) },
  spec: {
    // A policy that cannot be evaluated must not keep a rollout from going on.
    failurePolicy: "Ignore",
    paramKind: { apiVersion: "batch/v1", kind: Job.kind },
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["DELETE"], resources: ["pods"] },
      ],
      objectSelector: { matchExpressions: [{ key: HELD_LABEL, operator: "Exists" }] },
    },
    matchConditions: [
      { name: "not-terminating", expression: "!has(oldObject.metadata.deletionTimestamp)" },
      {
        name: "by-the-replicaset-controller",
        expression: `request.userInfo.username in ${JSON.stringify(REPLICA_SET_CONTROLLERS)} || (has(request.dryRun) && request.dryRun)`,
      },
    ],
    validations: [
      {
        expression:
          "has(params.status.conditions) && params.status.conditions.exists(c, c.type == 'Failed' && c.status == 'True')",
        message,
      },
    ],
  },
});

export const holdPolicyBinding = (held: NamedHold): KubeObject => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: AdmissionPolicyBinding.kind,
  metadata: { name: policyName(held.release), labels: labelsOf(held) },
  spec: {
    policyName: policyName(held.release),
    paramRef: {
      name: guardName(held.hold),
      namespace: held.dataplaneNamespace,
      // A guard that has ended is deleted at once, so this is the usual end of a hold.
      parameterNotFoundAction: "Allow",
    },
    validationActions: ["Deny"],
    matchResources: {
      namespaceSelector: {
        matchLabels: { "kubernetes.io/metadata.name": held.dataplaneNamespace },
      },
    },
  },
});
