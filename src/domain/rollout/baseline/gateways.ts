/** Which Gateways there are, what they are made from, and which of them an upgrade answers for. */

import { conditionOf, fieldAt, type KubeObject, numberAt, stringAt } from "../../kube/objects.ts";
import { OWNING_GATEWAY_LABEL } from "../data-plane.ts";
import type { WaitingFor } from "../trouble/waiting-for.ts";
import {
  conditionsOf,
  isOfRelease,
  keyOfObject,
  OWNING_CLASS_LABEL,
  OWNING_GATEWAY_NAMESPACE_LABEL,
  type RolloutView,
} from "../view.ts";
import { placeOf } from "./prior-state.ts";

export type Config = Pick<RolloutView, "gateways" | "gatewayClasses" | "envoyProxies"> &
  Partial<Pick<RolloutView, "controllerSettings" | "release" | "prior" | "answers" | "refusals">>;

const proxyNamed = (config: Config, reference: unknown, namespace: string | undefined) =>
  fieldAt(reference, "kind") === "EnvoyProxy"
    ? config.envoyProxies.find(
        ({ metadata }) =>
          metadata.name === fieldAt(reference, "name") && metadata.namespace === namespace,
      )
    : undefined;

export const classNamed = ({ gatewayClasses }: Config, name: unknown): KubeObject | undefined =>
  gatewayClasses.find(({ metadata }) => metadata.name === name);

const proxyOfClass = (config: Config, gatewayClass: KubeObject | undefined) => {
  const reference = fieldAt(gatewayClass, "spec", "parametersRef");
  return proxyNamed(config, reference, stringAt(reference, "namespace"));
};

/** Where the EnvoyProxies of classes are: anywhere. */
export const proxyNamespaces = (
  gatewayClasses: ReadonlyArray<KubeObject>,
): ReadonlyArray<string> => [
  ...new Set(
    gatewayClasses.flatMap((one) => {
      const reference = fieldAt(one, "spec", "parametersRef");
      const isProxy = fieldAt(reference, "kind") === "EnvoyProxy";
      return isProxy ? (stringAt(reference, "namespace") ?? []) : [];
    }),
  ),
];

/** Where the classes cannot be read, a single EnvoyProxy can only be the one that is used. */
const soleProxy = ({ envoyProxies }: Config): KubeObject | undefined =>
  envoyProxies.length === 1 ? envoyProxies[0] : undefined;

/** The EnvoyProxy that shapes the pods of a Gateway: its own, else its class's. */
export const proxyOfGateway = (config: Config, gateway: KubeObject): KubeObject | undefined => {
  const own = fieldAt(gateway, "spec", "infrastructure", "parametersRef");
  const gatewayClass = classNamed(config, fieldAt(gateway, "spec", "gatewayClassName"));
  return (
    proxyNamed(config, own, gateway.metadata.namespace) ??
    proxyOfClass(config, gatewayClass) ??
    (gatewayClass === undefined ? soleProxy(config) : undefined)
  );
};

/** The EnvoyProxy behind a Deployment, by the labels Envoy Gateway puts on what it makes. */
export const proxyOfDeployment = (
  config: Config,
  { metadata }: KubeObject,
): KubeObject | undefined => {
  const className = metadata.labels?.[OWNING_CLASS_LABEL];
  if (className !== undefined) return proxyOfClass(config, classNamed(config, className));
  const gateway = config.gateways.find(
    (one) =>
      one.metadata.name === metadata.labels?.[OWNING_GATEWAY_LABEL] &&
      (metadata.labels?.[OWNING_GATEWAY_NAMESPACE_LABEL] ?? one.metadata.namespace) ===
        one.metadata.namespace,
  );
  return gateway === undefined ? soleProxy(config) : proxyOfGateway(config, gateway);
};

const ENVOY_GATEWAY = /envoyproxy/;
/** The default of Envoy Gateway. */
const DEFAULT_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller";

export const controllerOf = (gatewayClass: KubeObject | undefined): string | undefined =>
  stringAt(gatewayClass, "spec", "controllerName");

const isOfOurRelease = ({ release }: Config, object: KubeObject): boolean =>
  release !== undefined &&
  object.metadata.labels?.["app.kubernetes.io/managed-by"] === "Helm" &&
  isOfRelease(object, release);

/** What the release calls its controller: in its settings, else in the class that came with it. */
const ourController = (config: Config): string | undefined => {
  const { controllerSettings, gatewayClasses } = config;
  return controllerSettings === undefined
    ? controllerOf(gatewayClasses.find((one) => isOfOurRelease(config, one)))
    : (stringAt(controllerSettings, "gateway", "controllerName") ?? DEFAULT_CONTROLLER);
};

/** A second Envoy Gateway has another name; where ours is not known, any Envoy Gateway may be it. */
const isOurClass = (config: Config, gatewayClass: KubeObject): boolean => {
  const controller = controllerOf(gatewayClass) ?? "";
  const ours = ourController(config);
  return ours === undefined
    ? ENVOY_GATEWAY.test(controller) || proxyOfClass(config, gatewayClass) !== undefined
    : controller === ours;
};

/** A Gateway of another product, or of another Envoy Gateway, is none of ours. */
export const isOurs = (config: Config, gateway: KubeObject): boolean => {
  const gatewayClass = classNamed(config, fieldAt(gateway, "spec", "gatewayClassName"));
  return gatewayClass === undefined || isOurClass(config, gatewayClass);
};

/** Without its class it is unknown whose a Gateway is; in the data plane's namespace it counts as ours all the same. */
export const isKnownAsOurs = (config: Config, gateway: KubeObject): boolean =>
  classNamed(config, fieldAt(gateway, "spec", "gatewayClassName")) !== undefined &&
  isOurs(config, gateway);

/** A controller that refuses the new settings keeps the old pods, which look healthy. */
export const refusal = (config: Config, gateway: KubeObject): WaitingFor | undefined => {
  const gatewayClass = classNamed(config, fieldAt(gateway, "spec", "gatewayClassName"));
  for (const object of [gatewayClass, gateway]) {
    if (object === undefined) continue;
    const accepted = conditionOf(object, "Accepted");
    const observed = conditionsOf(object).find((one) => fieldAt(one, "type") === "Accepted");
    const isCurrent =
      numberAt(observed, "observedGeneration") === (object.metadata.generation ?? 0);
    if (accepted?.status === "False" && isCurrent) {
      const { reason, message } = accepted;
      return { _tag: "Refused", kind: object.kind, name: object.metadata.name, reason, message };
    }
  }
  return undefined;
};

export const isServedBy = (gateway: KubeObject, { metadata }: KubeObject): boolean => {
  const labels = metadata.labels ?? {};
  const className = labels[OWNING_CLASS_LABEL];
  if (className !== undefined) return fieldAt(gateway, "spec", "gatewayClassName") === className;
  return (
    labels[OWNING_GATEWAY_LABEL] === gateway.metadata.name &&
    (labels[OWNING_GATEWAY_NAMESPACE_LABEL] ?? gateway.metadata.namespace) ===
      gateway.metadata.namespace
  );
};

/** Whether another controller made it; without a known maker it counts as ours. */
export const isForeign = (config: Config, workload: KubeObject): boolean => {
  const gatewayClass = classNamed(config, workload.metadata.labels?.[OWNING_CLASS_LABEL]);
  if (gatewayClass !== undefined) return !isOurClass(config, gatewayClass);
  const served = config.gateways.filter((gateway) => isServedBy(gateway, workload));
  return served.length > 0 && !served.some((gateway) => isOurs(config, gateway));
};

/**
 * The release's own Gateways must be served, whatever was before, and those of others as they were: one that was not served
 * before, that came meanwhile or that is on its way out is not this upgrade's business.
 */
export const mustBeServed = (config: Config, gateway: KubeObject): boolean =>
  isOurs(config, gateway) &&
  gateway.metadata.deletionTimestamp === undefined &&
  (config.prior === undefined ||
    isOfOurRelease(config, gateway) ||
    config.prior.gateways.get(placeOf(gateway.metadata))?.well === true);

/** Whether the upgrade answers for it: by the Gateways that it serves, else by how it was. */
export const mustBeUp = (config: Config, workload: KubeObject): boolean => {
  const served = config.gateways.filter((gateway) => isServedBy(gateway, workload));
  if (served.length > 0) return served.some((gateway) => mustBeServed(config, gateway));
  const before = config.prior?.workloads.get(keyOfObject(workload));
  return before === undefined || before.ailment === undefined;
};
