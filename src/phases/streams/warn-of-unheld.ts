/** Streams end with the drain that their proxies were started with, unless those are held. */
import { Effect } from "effect";
import { describePermission, missingRights } from "../../domain/access.ts";
import { shortDrainWarning } from "../../domain/drain/short-drain.ts";
import { holdAccess } from "../../domain/hold/access.ts";
import { type DrainFacts, lengthenings } from "../../domain/hold/lengthen.ts";
import { policyObstacle, rightsObstacle, unheldProxies } from "../../domain/hold/unheld.ts";
import type { KubeObject } from "../../domain/kube.ts";
import type { UpgradeOptions } from "../../domain/upgrade-options.ts";
import { Kubectl } from "../../services/Kubectl.ts";
import { warn } from "../../services/Reporter.ts";
import { countOpenStreams } from "./count.ts";
import { readDrainFacts } from "./drain-facts.ts";

type Options = Pick<UpgradeOptions, "drainTimeout" | "release" | "dataplaneNamespace">;

/** What keeps this account from holding proxies; where the server does not say, trying will. */
const obstacleTo = Effect.fnUntraced(function* (options: Options, facts: DrainFacts) {
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
        Effect.orElseSucceed(kubectl.mayI(access), () => true),
        (allowed) => (allowed ? [] : [access]),
      ),
    { concurrency: "unbounded" },
  );
  return rightsObstacle(missingRights(answers.flat()).map(describePermission));
});

/** One warning for each reason, with the streams that are open on the proxies it is about. */
export const warnOfUnheld = Effect.fnUntraced(function* (
  options: Options,
  daemonSets: ReadonlyArray<KubeObject>,
) {
  const { dataplaneNamespace, drainTimeout: asked } = options;
  const facts = yield* readDrainFacts(options);
  const obstacle = yield* obstacleTo(options, facts);
  const unheld = unheldProxies({ ...facts, daemonSets, obstacle }, { dataplaneNamespace, asked });
  for (const [why, group] of Map.groupBy(unheld, (one) => one.why)) {
    const open = yield* countOpenStreams(group.map(({ workload }) => workload));
    yield* warn(
      shortDrainWarning(
        group.map(({ drain }) => drain),
        open,
        why,
      ),
    );
  }
});
