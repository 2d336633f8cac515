/** The rate limiter: Envoy Gateway makes it beside itself, as its own settings say, whatever the proxies are. */

import { fieldAt, type KubeObject, numberAt, stringAt } from "../../kube/objects.ts";
import { askedTemplate } from "../baseline/asked-template.ts";
import {
  type DeploymentProgress,
  deploymentProgress,
  type NameTemplate,
  newTemplate,
} from "../data-plane.ts";
import { showDifference, type Tree } from "../difference.ts";
import type { Entry } from "../expectation.ts";
import { type Known, refusalOf, unexplained } from "./unexplained.ts";

/** Of the Deployment, unless the settings name it, and of its container. */
const NAME = "envoy-ratelimit";

const limiterSettings = (settings: unknown): unknown =>
  fieldAt(settings, "provider", "kubernetes", "rateLimitDeployment");

/** With a backend Envoy Gateway makes a rate limiter, without one it removes it. */
const isAskedFor = (settings: unknown): boolean => fieldAt(settings, "rateLimit") !== undefined;

const nameIn = (settings: unknown): string => stringAt(limiterSettings(settings), "name") ?? NAME;

/** What the settings ask of the rate limiter; nothing of whatever else the controller made. */
export const askedOfLimiter = (settings: unknown, { metadata }: KubeObject): Tree | undefined =>
  metadata.name === nameIn(settings)
    ? askedTemplate({ settings: limiterSettings(settings), container: NAME })
    : undefined;

/** One that is scaled to zero, or on its way out, is not waited for. */
const isAwaited = (settings: unknown, deployment: KubeObject): boolean =>
  (settings === undefined || isAskedFor(settings)) &&
  numberAt(deployment, "spec", "replicas") !== 0;

const limiterEntry = (
  settings: unknown,
  deployment: KubeObject,
  known: Known,
  nameTemplate: NameTemplate,
): Entry => {
  const progress = deploymentProgress(deployment, undefined, nameTemplate);
  if (!isAwaited(settings, deployment)) {
    return { progress: { ...progress, waitingFor: undefined }, object: deployment, stale: false };
  }
  const asked = askedOfLimiter(settings, deployment);
  const [difference] = asked === undefined ? [] : unexplained(known, deployment, asked);
  const isStale = asked !== undefined && difference !== undefined;
  const waitingFor = isStale
    ? `${showDifference(difference)}${refusalOf(known, deployment, asked)}`
    : progress.waitingFor;
  return { progress: { ...progress, waitingFor }, object: deployment, stale: isStale };
};

/**
 * One entry for each Deployment that Envoy Gateway made for itself, and one for a rate limiter that it has yet to make.
 * @param settings of the controller; `undefined` where they cannot be read: then what is there must be up
 */
export const limiterEntries = (
  settings: unknown,
  deployments: ReadonlyArray<KubeObject>,
  known: Known = {},
  nameTemplate = newTemplate,
): ReadonlyArray<Entry> => {
  const name = nameIn(settings);
  const isMissing =
    isAskedFor(settings) && !deployments.some(({ metadata }) => metadata.name === name);
  const missing: DeploymentProgress = {
    name,
    ready: 0,
    desired: numberAt(limiterSettings(settings), "replicas") ?? 1,
    waitingFor: "Envoy Gateway has not made it",
  };
  return [
    ...deployments.map((deployment) => limiterEntry(settings, deployment, known, nameTemplate)),
    ...(isMissing ? [{ progress: missing, object: undefined, stale: false }] : []),
  ];
};
