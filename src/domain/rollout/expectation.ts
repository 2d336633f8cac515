/** Which Deployments the Gateways must have, and what each must run. */
import {
  type DeploymentProgress,
  deploymentProgress,
  newTemplate,
  OWNING_GATEWAY_LABEL,
  proxyTemplate,
} from "../data-plane.ts";
import { conditionOf, fieldAt, type KubeObject, numberAt, stringAt } from "../kube.ts";
import { askedTemplate, firstDifference, showDifference } from "./asked-template.ts";
import {
  conditionsOf,
  OWNING_CLASS_LABEL,
  OWNING_GATEWAY_NAMESPACE_LABEL,
  type RolloutView,
} from "./view.ts";

type Config = Pick<RolloutView, "gateways" | "gatewayClasses" | "envoyProxies">;

const proxyNamed = (config: Config, reference: unknown, namespace: string | undefined) =>
  fieldAt(reference, "kind") === "EnvoyProxy"
    ? config.envoyProxies.find(
        ({ metadata }) =>
          metadata.name === fieldAt(reference, "name") && metadata.namespace === namespace,
      )
    : undefined;

const classNamed = ({ gatewayClasses }: Config, name: unknown): KubeObject | undefined =>
  gatewayClasses.find(({ metadata }) => metadata.name === name);

const proxyOfClass = (config: Config, gatewayClass: KubeObject | undefined) => {
  const reference = fieldAt(gatewayClass, "spec", "parametersRef");
  return proxyNamed(config, reference, stringAt(reference, "namespace"));
};

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

/** A Gateway of another product in the same namespace is none of ours. */
const isOurs = (config: Config, gateway: KubeObject): boolean => {
  const gatewayClass = classNamed(config, fieldAt(gateway, "spec", "gatewayClassName"));
  return (
    gatewayClass === undefined ||
    ENVOY_GATEWAY.test(stringAt(gatewayClass, "spec", "controllerName") ?? "") ||
    proxyOfClass(config, gatewayClass) !== undefined
  );
};

/** What of the live Deployment is not as its EnvoyProxy asks. */
export const staleness = (config: Config, deployment: KubeObject): string | undefined => {
  const proxy = proxyOfDeployment(config, deployment);
  if (proxy === undefined) return undefined;
  const grace = proxyTemplate(proxy).terminationGracePeriodSeconds;
  const found = numberAt(deployment, "spec", "template", "spec", "terminationGracePeriodSeconds");
  const asked = askedTemplate({
    settings: fieldAt(proxy, "spec", "provider", "kubernetes", "envoyDeployment"),
    container: "envoy",
    graceSeconds: grace,
  });
  const difference = firstDifference(fieldAt(deployment, "spec"), asked);
  if (difference === undefined) return undefined;
  return difference.path.endsWith("terminationGracePeriodSeconds") && difference.asked === grace
    ? `still gives pods ${found === undefined ? "the default time" : `${found} s`} to drain, not ${grace} s`
    : showDifference(difference);
};

/** A controller that refuses the new settings keeps the old pods, which look healthy. */
const refusal = (config: Config, gateway: KubeObject): string | undefined => {
  const gatewayClass = classNamed(config, fieldAt(gateway, "spec", "gatewayClassName"));
  for (const object of [gatewayClass, gateway]) {
    if (object === undefined) continue;
    const accepted = conditionOf(object, "Accepted");
    const observed = conditionsOf(object).find((one) => fieldAt(one, "type") === "Accepted");
    const isCurrent =
      numberAt(observed, "observedGeneration") === (object.metadata.generation ?? 0);
    if (accepted?.status === "False" && isCurrent) {
      return `${object.kind} ${object.metadata.name} is refused by Envoy Gateway: ${accepted.reason}: ${accepted.message}`;
    }
  }
  return undefined;
};

const isServedBy = (gateway: KubeObject, { metadata }: KubeObject): boolean => {
  const labels = metadata.labels ?? {};
  const className = labels[OWNING_CLASS_LABEL];
  if (className !== undefined) return fieldAt(gateway, "spec", "gatewayClassName") === className;
  return (
    labels[OWNING_GATEWAY_LABEL] === gateway.metadata.name &&
    (labels[OWNING_GATEWAY_NAMESPACE_LABEL] ?? gateway.metadata.namespace) ===
      gateway.metadata.namespace
  );
};

/** The state of the whole data plane: one entry for each Deployment, and for each Gateway that has none. */
export const expectedProgress = (
  config: Config,
  deployments: ReadonlyArray<KubeObject>,
  nameTemplate = newTemplate,
): ReadonlyArray<DeploymentProgress> => {
  const gateways = config.gateways.filter((gateway) => isOurs(config, gateway));
  const refused = (deployment: KubeObject) =>
    gateways
      .filter((gateway) => isServedBy(gateway, deployment))
      .map((gateway) => refusal(config, gateway))
      .find((text) => text !== undefined);
  return [
    ...deployments.map((deployment) => {
      const progress = deploymentProgress(deployment, undefined, nameTemplate);
      const waitingFor =
        refused(deployment) ?? staleness(config, deployment) ?? progress.waitingFor;
      return { ...progress, waitingFor };
    }),
    ...gateways
      .filter((gateway) => !deployments.some((one) => isServedBy(gateway, one)))
      .map((gateway) => ({
        name: gateway.metadata.name,
        ready: 0,
        desired: 1,
        waitingFor: refusal(config, gateway) ?? "no Deployment was made for this Gateway",
      })),
  ];
};
