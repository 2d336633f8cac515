/** Whether what Envoy Gateway made, the proxies and the rate limiter, pulls its images as the release does. */
import { Effect, Redacted } from "effect";
import { pullWithout } from "../../domain/install/pull-secret-use.ts";
import { getPath } from "../../domain/kube/json.ts";
import { DaemonSet, Deployment, type KubeObject, Pod } from "../../domain/kube/objects.ts";
import { MANAGED_BY_ENVOY_GATEWAY } from "../../domain/rollout/data-plane.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { warn } from "../../services/report/Reporter.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

/** Nothing of it is needed for the installation: what cannot be read is not judged. */
const read = Effect.fnUntraced(function* ({ release, dataplaneNamespace }: UpgradeOptions) {
  const kubectl = yield* Kubectl;
  const namespaces = [...new Set([release.namespace, dataplaneNamespace])];
  const list = (type: typeof Pod) =>
    Effect.map(
      Effect.forEach(
        namespaces,
        (namespace) =>
          Effect.orElseSucceed(
            kubectl.list({ type, namespace, labelSelector: MANAGED_BY_ENVOY_GATEWAY }),
            (): ReadonlyArray<KubeObject> => [],
          ),
        { concurrency: "unbounded" },
      ),
      (found) => found.flat(),
    );
  return yield* Effect.all(
    { deployments: list(Deployment), daemonSets: list(DaemonSet), pods: list(Pod) },
    { concurrency: "unbounded" },
  );
});

/** They run by now, perhaps from images that a node had already: the next node may have none. */
export const verifyPullSecret = Effect.fn("tare.verify-pull-secret")(function* (
  options: UpgradeOptions,
  { values, chart }: InstalledRelease,
) {
  const path = ["global", "imagePullSecretName"];
  const secret = getPath(Redacted.value(values), path) ?? getPath(chart.defaults, path);
  if (typeof secret !== "string" || secret === "") return;
  const { deployments, daemonSets, pods } = yield* read(options);
  const without = pullWithout(secret, [...deployments, ...daemonSets], pods);
  if (without.length === 0) return;
  yield* warn({
    code: "pull-secret-not-used",
    secret,
    workloads: without.map(
      ({ kind, metadata: { namespace, name } }) => `${kind} ${namespace}/${name}`,
    ),
  });
});
