/** What an upgrade and its plan read before their phases ask for it: all of it at the same time. */
import { Effect } from "effect";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { readHa } from "../../phases/checks/ha-preflight.ts";
import { readPreflight } from "../../phases/checks/preflight.ts";
import { readStandingFacts } from "../../phases/checks/release-facts.ts";
import { readCrds } from "../../phases/crds/apply-crds.ts";
import { readRelease } from "../../phases/release/read-release.ts";
import { onDemand, prefetched } from "../../pipeline.ts";
import { ChartSource } from "../../services/chart/ChartSource.ts";

/** A run that skips the preflight has no use for what it alone asks. */
const forPreflight = ({ skipPreflight }: UpgradeOptions) => (skipPreflight ? onDemand : prefetched);

/** What a recovery may change, so that it is read again after one. */
export const prefetchCluster = Effect.fnUntraced(function* (options: UpgradeOptions) {
  return {
    standing: yield* prefetched(readStandingFacts(options)),
    ha: yield* prefetched(readHa(options)),
    crds: yield* prefetched(readCrds),
  };
});

/** Started at once; each is delivered, or fails, when its phase asks for it. They end with the scope. */
export const prefetch = Effect.fnUntraced(function* (options: UpgradeOptions) {
  const charts = yield* ChartSource;
  return {
    chart: yield* prefetched(charts.resolve(options.chart)),
    preflight: yield* forPreflight(options)(readPreflight),
    release: yield* prefetched(readRelease(options.release)),
    ...(yield* prefetchCluster(options)),
  };
});

export type ClusterReads = Effect.Success<ReturnType<typeof prefetchCluster>>;
