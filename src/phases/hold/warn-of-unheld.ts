/** Streams end with the drain that their proxies were started with, unless those are held. */
import { Effect } from "effect";
import { unheldProxies } from "../../domain/hold/unheld.ts";
import type { KubeObject } from "../../domain/kube/objects.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { shortestDrain } from "../../domain/streams/short-drain.ts";
import { warn } from "../../services/report/Reporter.ts";
import { countOpenStreams } from "../streams/count.ts";
import { readDrainFacts } from "../streams/drain-facts.ts";
import { holdObstacle } from "./hold-obstacle.ts";

type Options = Pick<UpgradeOptions, "drainTimeout" | "release" | "dataplaneNamespace">;

/** One warning for each reason, with the streams that are open on the proxies it is about. */
export const warnOfUnheld = Effect.fnUntraced(function* (
  options: Options,
  daemonSets: ReadonlyArray<KubeObject>,
) {
  const { dataplaneNamespace, drainTimeout: asked } = options;
  const facts = yield* readDrainFacts(options);
  const obstacle = yield* holdObstacle(options, facts);
  const unheld = unheldProxies({ ...facts, daemonSets, obstacle }, { dataplaneNamespace, asked });
  for (const [first, ...others] of Map.groupBy(unheld, ({ why }) => JSON.stringify(why)).values()) {
    if (first === undefined) continue;
    const group = [first, ...others];
    yield* warn({
      code: "streams-may-be-cut",
      drain: shortestDrain(group.map(({ drain }) => drain)),
      openStreams: yield* countOpenStreams(group.map(({ workload }) => workload)),
      why: first.why,
    });
  }
});
