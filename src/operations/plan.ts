/**
 * `tare upgrade --plan`, start to end: the upgrade's own first three phases, then what the rest would do. It takes no lock and
 * leaves nothing behind.
 */
import { Effect, flow, Result } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { UpgradeOptions } from "../domain/run/upgrade-options.ts";
import { haPreflight } from "../phases/checks/ha-preflight.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { rehearsal } from "../phases/checks/rehearsal.ts";
import { readReleaseChecks } from "../phases/checks/release-facts.ts";
import { planUpgrade } from "../phases/plan/plan-upgrade.ts";
import { discover } from "../phases/release/discover.ts";
import { findIdleFlags, warnOfIdleFlags } from "../phases/values/idle-flags.ts";
import { ahead, makePipeline } from "../pipeline.ts";
import { firstReads } from "./run/prefetch.ts";

export const PLAN_PHASES = [preflight, discover, haPreflight, planUpgrade] as const;

export const plan = Effect.fn("tare.plan")(
  function* (options: UpgradeOptions, identity: Identity) {
    const run = yield* makePipeline(PLAN_PHASES);
    const reads = yield* firstReads(options);
    const { chart, preflightFacts, standing, releaseFacts, haFacts, liveCrds } = reads;

    yield* run(preflight, { options, facts: preflightFacts, writes: false });
    const installed = yield* run(discover, { options, identity, facts: releaseFacts, chart });
    const checkFacts = yield* ahead(readReleaseChecks({ installed, standing }));
    yield* run(haPreflight, { options, facts: haFacts });
    const facts = yield* checkFacts;
    const ha = yield* haFacts;
    const objects = yield* rehearsal({ options, identity, installed, facts, ha, liveCrds });
    if (Result.isSuccess(facts.rendering)) {
      yield* warnOfIdleFlags(
        yield* findIdleFlags(options, installed, facts.rendering.success),
        installed,
      );
    }
    return yield* run(planUpgrade, { options, identity, installed, facts, objects, ha, liveCrds });
  },
  flow(Effect.scoped, Effect.interruptible),
);
