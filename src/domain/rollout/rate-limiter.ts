/** The rate limiter: Envoy Gateway makes it beside itself, as its own settings say, whatever the proxies are. */
import { type DeploymentProgress, deploymentProgress, newTemplate } from "../data-plane.ts";
import { fieldAt, type KubeObject, numberAt, stringAt } from "../kube.ts";
import { askedTemplate, firstDifference, showDifference } from "./asked-template.ts";

/** Of the Deployment, unless the settings name it, and of its container. */
const NAME = "envoy-ratelimit";

const limiterSettings = (settings: unknown): unknown =>
  fieldAt(settings, "provider", "kubernetes", "rateLimitDeployment");

/** With a backend Envoy Gateway makes a rate limiter, without one it removes it. */
const isAskedFor = (settings: unknown): boolean => fieldAt(settings, "rateLimit") !== undefined;

const nameIn = (settings: unknown): string => stringAt(limiterSettings(settings), "name") ?? NAME;

const staleness = (settings: unknown, deployment: KubeObject): string | undefined => {
  const asked = askedTemplate({ settings: limiterSettings(settings), container: NAME });
  const difference = firstDifference(fieldAt(deployment, "spec"), asked);
  return difference === undefined ? undefined : showDifference(difference);
};

/** One that is scaled to zero, or on its way out, keeps nobody waiting. */
const waitingFor = (
  settings: unknown,
  deployment: KubeObject,
  progress: DeploymentProgress,
): string | undefined => {
  const isWanted = settings === undefined || isAskedFor(settings);
  if (!isWanted || numberAt(deployment, "spec", "replicas") === 0) return undefined;
  const isLimiter = deployment.metadata.name === nameIn(settings);
  return (isLimiter ? staleness(settings, deployment) : undefined) ?? progress.waitingFor;
};

/**
 * One entry for each Deployment that Envoy Gateway made for itself, and one for a rate limiter that it has yet to make.
 * @param settings of the controller; `undefined` where they cannot be read: then what is there must be up
 */
export const limiterProgress = (
  settings: unknown,
  deployments: ReadonlyArray<KubeObject>,
  nameTemplate = newTemplate,
): ReadonlyArray<DeploymentProgress> => {
  const name = nameIn(settings);
  const isMissing =
    isAskedFor(settings) && !deployments.some(({ metadata }) => metadata.name === name);
  return [
    ...deployments.map((deployment) => {
      const progress = deploymentProgress(deployment, undefined, nameTemplate);
      return { ...progress, waitingFor: waitingFor(settings, deployment, progress) };
    }),
    ...(isMissing
      ? [
          {
            name,
            ready: 0,
            desired: numberAt(limiterSettings(settings), "replicas") ?? 1,
            waitingFor: "Envoy Gateway has not made it",
          },
        ]
      : []),
  ];
};
