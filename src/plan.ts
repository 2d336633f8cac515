/**
 * `tare upgrade --plan`, start to end: the upgrade's own first three phases, then what the rest would do. It takes no lock and
 * leaves nothing behind.
 */
import { Effect, flow } from "effect";
import type { Identity } from "./domain/identity.ts";
import type { UpgradeOptions } from "./domain/upgrade-options.ts";
import { readCrds } from "./phases/apply-crds.ts";
import { discover } from "./phases/discover.ts";
import { readRelease } from "./phases/discovery/read-release.ts";
import { haPreflight, readHa } from "./phases/ha-preflight.ts";
import { planUpgrade } from "./phases/plan-upgrade.ts";
import { preflight, readPreflight } from "./phases/preflight.ts";
import { releaseChecks } from "./phases/release-checks.ts";
import { readReleaseChecks } from "./phases/release-facts.ts";
import { ahead, later, makePipeline } from "./pipeline.ts";
import { ChartSource } from "./services/ChartSource.ts";

export const PLAN_PHASES = [preflight, discover, haPreflight, planUpgrade] as const;

export const plan = Effect.fn("tare.plan")(
  function* (options: UpgradeOptions, identity: Identity) {
    const run = yield* makePipeline(PLAN_PHASES);
    const charts = yield* ChartSource;
    const chart = yield* ahead(charts.resolve(options.chart));
    const preflightFacts = yield* options.skipPreflight
      ? later(readPreflight)
      : ahead(readPreflight);
    const releaseFacts = yield* ahead(readRelease(options.release));
    const haFacts = yield* ahead(readHa(options));
    const liveCrds = yield* ahead(readCrds);

    yield* run(preflight, { options, facts: preflightFacts });
    const installed = yield* run(discover, { options, identity, facts: releaseFacts, chart });
    const checkFacts = yield* ahead(readReleaseChecks(installed));
    yield* run(haPreflight, { options, facts: haFacts });
    const facts = yield* checkFacts;
    if (!options.skipPreflight) {
      yield* releaseChecks({ options, installed, facts, liveCrds });
    }
    const ha = yield* haFacts;
    return yield* run(planUpgrade, { options, identity, installed, facts, ha, liveCrds });
  },
  flow(Effect.scoped, Effect.interruptible),
);
