/** The Kubernetes objects tare touches, as data: no client library in the domain. */

export interface ResourceType {
  /** `""` is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const type = (
  apiVersion: string,
  plural: string,
  kind: string,
  scope: "Namespaced" | "Cluster" = "Namespaced",
): ResourceType => {
  const slash = apiVersion.indexOf("/");
  return {
    group: slash === -1 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    plural,
    kind,
    namespaced: scope === "Namespaced",
  };
};

export const ConfigMap = type("v1", "configmaps", "ConfigMap");
export const Secret = type("v1", "secrets", "Secret");
export const Pod = type("v1", "pods", "Pod");
export const Namespace = type("v1", "namespaces", "Namespace", "Cluster");
export const ResourceQuota = type("v1", "resourcequotas", "ResourceQuota");
export const Event = type("v1", "events", "Event");
export const Deployment = type("apps/v1", "deployments", "Deployment");
export const ReplicaSet = type("apps/v1", "replicasets", "ReplicaSet");
export const StatefulSet = type("apps/v1", "statefulsets", "StatefulSet");
export const DaemonSet = type("apps/v1", "daemonsets", "DaemonSet");
export const Job = type("batch/v1", "jobs", "Job");
export const Lease = type("coordination.k8s.io/v1", "leases", "Lease");
export const EnvoyProxy = type("gateway.envoyproxy.io/v1alpha1", "envoyproxies", "EnvoyProxy");
export const Gateway = type("gateway.networking.k8s.io/v1", "gateways", "Gateway");
export const GatewayClass = type(
  "gateway.networking.k8s.io/v1",
  "gatewayclasses",
  "GatewayClass",
  "Cluster",
);
export const ValidatingAdmissionPolicy = type(
  "admissionregistration.k8s.io/v1",
  "validatingadmissionpolicies",
  "ValidatingAdmissionPolicy",
  "Cluster",
);
export const ApiService = type("apiregistration.k8s.io/v1", "apiservices", "APIService", "Cluster");
export const CustomResourceDefinition = type(
  "apiextensions.k8s.io/v1",
  "customresourcedefinitions",
  "CustomResourceDefinition",
  "Cluster",
);

export const apiVersionOf = ({ group, version }: ResourceType): string =>
  group === "" ? version : `${group}/${version}`;

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  /** In which version the manager wrote. */
  readonly apiVersion?: string;
  readonly fieldsV1?: unknown;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  /** When the object is to be gone: it is being deleted. */
  readonly deletionTimestamp?: string;
  readonly finalizers?: ReadonlyArray<string>;
  readonly ownerReferences?: ReadonlyArray<OwnerReference>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: ReadonlyArray<ManagedFieldsEntry>;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectRef {
  readonly type: ResourceType;
  readonly name: string;
  /** Left out for cluster-scoped types. */
  readonly namespace?: string;
}

export const refOf = (type: ResourceType, object: KubeObject): ObjectRef => ({
  type,
  name: object.metadata.name,
  ...(type.namespaced && object.metadata.namespace !== undefined
    ? { namespace: object.metadata.namespace }
    : {}),
});

export const showRef = ({ type, name, namespace }: ObjectRef): string =>
  `${type.kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

/** Reads a nested field of an object whose schema is not ours; `undefined` wherever a step is missing. */
export const fieldAt = (object: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    object,
  );

export const numberAt = (object: unknown, ...path: ReadonlyArray<string | number>) => {
  const value = fieldAt(object, ...path);
  return typeof value === "number" ? value : undefined;
};

export const stringAt = (object: unknown, ...path: ReadonlyArray<string | number>) => {
  const value = fieldAt(object, ...path);
  return typeof value === "string" ? value : undefined;
};

export const listAt = (
  object: unknown,
  ...path: ReadonlyArray<string | number>
): ReadonlyArray<unknown> => {
  const value = fieldAt(object, ...path);
  return Array.isArray(value) ? value : [];
};

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export const conditionOf = (object: unknown, conditionType: string): Condition | undefined => {
  const found = listAt(object, "status", "conditions").find(
    (condition) => fieldAt(condition, "type") === conditionType,
  );
  return found === undefined
    ? undefined
    : {
        type: conditionType,
        status: stringAt(found, "status") ?? "Unknown",
        reason: stringAt(found, "reason") ?? "",
        message: stringAt(found, "message") ?? "",
      };
};
