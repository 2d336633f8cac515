/** What an upgrade and its plan read first, all of it at the same time. */
import { Effect } from "effect";
import type { UpgradeOptions } from "../domain/upgrade-options.ts";
import { ahead, later } from "../pipeline.ts";
import { ChartSource } from "../services/ChartSource.ts";
import { readCrds } from "./apply-crds.ts";
import { readRelease } from "./discovery/read-release.ts";
import { readHa } from "./ha-preflight.ts";
import { readPreflight } from "./preflight.ts";
import { readStandingFacts } from "./release-facts.ts";

/** Whoever skips the preflight has no use for them. */
export const standingFacts = ({ release, skipPreflight }: UpgradeOptions) =>
  (skipPreflight ? later : ahead)(readStandingFacts(release));

/** Each is delivered, or fails, when its phase asks for it. */
export const firstReads = Effect.fnUntraced(function* (options: UpgradeOptions) {
  const charts = yield* ChartSource;
  return {
    chart: yield* ahead(charts.resolve(options.chart)),
    preflightFacts: yield* options.skipPreflight ? later(readPreflight) : ahead(readPreflight),
    standing: yield* standingFacts(options),
    releaseFacts: yield* ahead(readRelease(options.release)),
    haFacts: yield* ahead(readHa(options)),
    liveCrds: yield* ahead(readCrds),
  };
});
