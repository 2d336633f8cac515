/** A pod as a workload's controller would make it from its template, for the server to judge before there is one. */
import { Schema } from "effect";
import {
  fieldAt,
  type KubeObject,
  listAt,
  type OwnerReference,
  stringAt,
} from "../kube/objects.ts";

export interface PodsToCome {
  /** Deployment, StatefulSet, DaemonSet or Job. */
  readonly workload: KubeObject;
  readonly namespace: string;
  /** With what the server adds to it, if it was asked. */
  readonly template: unknown;
  /** They are made while everything else still runs, so that nothing makes room for them. */
  readonly comeFirst?: boolean;
}

/** The workload whose controller is to make them, and where. */
export const PodsOf = Schema.Struct({
  kind: Schema.String,
  name: Schema.String,
  namespace: Schema.String,
});
export type PodsOf = typeof PodsOf.Type;

const LONGEST_NAME = 63;
const SUFFIX = "-rehearsal";
const NOBODY = "00000000-0000-4000-8000-000000000000";

const named = (name: string): string => `${name.slice(0, LONGEST_NAME - SUFFIX.length)}${SUFFIX}`;

/** Policies that refuse pods without a controller must not meet one. */
const ownerOf = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind: kind === "Deployment" ? "ReplicaSet" : kind,
  name: kind === "Deployment" ? named(metadata.name) : metadata.name,
  uid: metadata.uid ?? NOBODY,
  controller: true,
});

/** The controller puts a claim in the place of each of these. */
const claimed = (workload: KubeObject): ReadonlyArray<unknown> =>
  listAt(workload, "spec", "volumeClaimTemplates").map((claim) => ({
    name: stringAt(claim, "metadata", "name"),
    emptyDir: {},
  }));

export const rehearsedPod = ({ workload, namespace, template }: PodsToCome): KubeObject => {
  const spec = (fieldAt(template, "spec") ?? {}) as object;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: named(workload.metadata.name),
      namespace,
      labels: (fieldAt(template, "metadata", "labels") ?? {}) as Record<string, string>,
      annotations: (fieldAt(template, "metadata", "annotations") ?? {}) as Record<string, string>,
      ownerReferences: [ownerOf(workload)],
    },
    spec: { ...spec, volumes: [...listAt(spec, "volumes"), ...claimed(workload)] },
  };
};

/** Its account may come with the release, as that of a hook does: what else the server has to say it says of any other. */
export const needsAccount = (detail: string): boolean =>
  /serviceaccount .*not found/is.test(detail);

export const withoutAccount = (pod: KubeObject): KubeObject => {
  const {
    serviceAccountName: _,
    serviceAccount: __,
    ...spec
  } = (pod.spec ?? {}) as Record<string, unknown>;
  return { ...pod, spec };
};

/** The same template with the resources that an EnvoyProxy asks for. */
export const withProxyResources = (
  template: unknown,
  envoyProxy: KubeObject | undefined,
): unknown => {
  const deployment = ["spec", "provider", "kubernetes", "envoyDeployment"];
  const resources = fieldAt(envoyProxy, ...deployment, "container", "resources");
  if (resources === undefined) return template;
  const spec = (fieldAt(template, "spec") ?? {}) as object;
  const containers = listAt(spec, "containers").map((container) =>
    stringAt(container, "name") === "envoy" ? { ...(container as object), resources } : container,
  );
  return { ...(template as object), spec: { ...spec, containers } };
};

type PodVerdict =
  | { readonly _tag: "Fine" }
  /** No pod of this template will ever be let in. */
  | { readonly _tag: "Refused" }
  /** One more would be too much now; the old ones make room where they go first. */
  | { readonly _tag: "NoRoom" }
  /** Which pods it lets in may depend on who makes them. */
  | { readonly _tag: "Policy"; readonly policy: string | undefined };

/** The last is what becomes of a container whose default limit, from a LimitRange, is below what it asks for. */
const FINAL =
  /violates PodSecurity|(?:maximum|minimum) \S+ usage per|limit to request ratio per|failed quota|failed calling webhook|is invalid: .*must be less than or equal to \S+ limit/s;

/** @param detail what the server said to the pod */
export const podVerdict = (detail: string): PodVerdict => {
  if (FINAL.test(detail)) return { _tag: "Refused" };
  if (/exceeded quota/.test(detail)) return { _tag: "NoRoom" };
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(detail)?.[1];
  if (policy !== undefined || /denied (?:the )?request/.test(detail)) {
    return { _tag: "Policy", policy };
  }
  return { _tag: "Fine" };
};

/** Whether a policy looks at who asks, or for whom. */
export const judgesByUser = (policy: KubeObject): boolean =>
  /userInfo|ownerReferences|authorizer/.test(JSON.stringify(policy.spec ?? {}));
