import { Effect } from "effect";
import { missingRights } from "../../domain/access/access.ts";
import { holdAccess } from "../../domain/access/hold-access.ts";
import { type DrainFacts, lengthenings } from "../../domain/hold/lengthen.ts";
import { policyObstacle, rightsObstacle } from "../../domain/hold/unheld.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { describePermission } from "../../words/access/permissions.ts";

/** What keeps this run from holding proxies; where the server does not say, trying will. */
export const holdObstacle = Effect.fnUntraced(function* (
  options: Pick<UpgradeOptions, "drainTimeout" | "release" | "dataplaneNamespace">,
  facts: DrainFacts,
) {
  const kubectl = yield* Kubectl;
  const version = yield* Effect.option(kubectl.serverVersion);
  const unserved = version._tag === "None" ? undefined : policyObstacle(version.value);
  if (unserved !== undefined) return unserved;
  const namespaces = lengthenings(facts, {
    dataplaneNamespace: options.dataplaneNamespace,
    asked: options.drainTimeout,
  }).flatMap(({ envoyProxy }) => envoyProxy?.metadata.namespace ?? []);
  const answers = yield* Effect.forEach(
    holdAccess(options, [...new Set(namespaces)]),
    (access) =>
      Effect.map(
        Effect.orElseSucceed(kubectl.canI(access), () => true),
        (allowed) => (allowed ? [] : [access]),
      ),
    { concurrency: "unbounded" },
  );
  return rightsObstacle(missingRights(answers.flat()).map(describePermission));
});
