/** The rate limiter: Envoy Gateway makes it beside itself, as its own settings say, whatever the proxies are. */

import { fieldAt, type KubeObject, numberAt, stringAt } from "../../kube/objects.ts";
import { askedTemplate } from "../baseline/asked-template.ts";
import {
  allNew,
  type DeploymentProgress,
  deploymentProgress,
  type IsEarlier,
} from "../data-plane.ts";
import { stalenessOf, type Tree } from "../difference.ts";
import type { Entry } from "../expectation.ts";
import { type Known, refusalOf, unexplained } from "./unexplained.ts";
import type { WaitingFor } from "./waiting-for.ts";

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
  isEarlier: IsEarlier,
): Entry => {
  const progress = deploymentProgress(deployment, isEarlier);
  if (!isAwaited(settings, deployment)) {
    return { progress: { ...progress, waitingFor: undefined }, object: deployment, stale: false };
  }
  const asked = askedOfLimiter(settings, deployment);
  const [difference] = asked === undefined ? [] : unexplained(known, deployment, asked);
  if (asked === undefined || difference === undefined) {
    return { progress, object: deployment, stale: false };
  }
  const waitingFor: WaitingFor = {
    _tag: "Stale",
    staleness: stalenessOf(difference),
    refusal: refusalOf(known, deployment, asked),
  };
  return { progress: { ...progress, waitingFor }, object: deployment, stale: true };
};

/**
 * One entry for each Deployment that Envoy Gateway made for itself, and one for a rate limiter that it has yet to make.
 * @param settings of the controller; `undefined` where they cannot be read: then what is there must be up
 */
export const limiterEntries = (
  settings: unknown,
  deployments: ReadonlyArray<KubeObject>,
  known: Known = {},
  isEarlier = allNew,
): ReadonlyArray<Entry> => {
  const name = nameIn(settings);
  const isMissing =
    isAskedFor(settings) && !deployments.some(({ metadata }) => metadata.name === name);
  const missing: DeploymentProgress = {
    name,
    ready: 0,
    desired: numberAt(limiterSettings(settings), "replicas") ?? 1,
    waitingFor: { _tag: "EnvoyGateway" },
  };
  return [
    ...deployments.map((deployment) => limiterEntry(settings, deployment, known, isEarlier)),
    ...(isMissing ? [{ progress: missing, object: undefined, stale: false }] : []),
  ];
};
