import {
  apiVersionOf,
  ConfigMap,
  DaemonSet,
  Deployment,
  EnvoyProxy,
  Gateway,
  GatewayClass,
  type KubeObject,
  type ResourceType,
  StatefulSet,
} from "../kube/objects.ts";

/** Kinds that a release cannot run without and tare knows how to bring back. Secrets are left to Helm: some are generated. */
const TYPES: ReadonlyArray<ResourceType> = [
  ConfigMap,
  Deployment,
  StatefulSet,
  DaemonSet,
  EnvoyProxy,
  Gateway,
  GatewayClass,
];

export const restorableType = ({ apiVersion, kind }: KubeObject): ResourceType | undefined =>
  TYPES.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
