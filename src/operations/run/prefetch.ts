/** What an upgrade and its plan read first, all of it at the same time. */
import { Effect } from "effect";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { readHa } from "../../phases/checks/ha-preflight.ts";
import { readPreflight } from "../../phases/checks/preflight.ts";
import { readStandingFacts } from "../../phases/checks/release-facts.ts";
import { readCrds } from "../../phases/crds/apply-crds.ts";
import { readRelease } from "../../phases/release/read-release.ts";
import { ahead, later } from "../../pipeline.ts";
import { ChartSource } from "../../services/chart/ChartSource.ts";

/** Whoever skips the preflight has no use for what it alone asks. */
const forPreflight = ({ skipPreflight }: UpgradeOptions) => (skipPreflight ? later : ahead);

/** What a recovery may change, so that it is read again after one. */
export const clusterReads = Effect.fnUntraced(function* (options: UpgradeOptions) {
  return {
    standing: yield* ahead(readStandingFacts(options)),
    haFacts: yield* ahead(readHa(options)),
    liveCrds: yield* ahead(readCrds),
  };
});

/** Each is delivered, or fails, when its phase asks for it. */
export const firstReads = Effect.fnUntraced(function* (options: UpgradeOptions) {
  const charts = yield* ChartSource;
  return {
    chart: yield* ahead(charts.resolve(options.chart)),
    preflightFacts: yield* forPreflight(options)(readPreflight),
    releaseFacts: yield* ahead(readRelease(options.release)),
    ...(yield* clusterReads(options)),
  };
});
