/**
 * `tare upgrade --plan`, start to end: the upgrade's own first three phases, then what the rest would do. It takes no lock and
 * leaves nothing behind.
 */
import { Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { UpgradeOptions } from "../domain/run/upgrade-options.ts";
import { haPreflight } from "../phases/checks/ha-preflight.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { planUpgrade } from "../phases/plan/plan-upgrade.ts";
import { discover } from "../phases/release/discover.ts";
import { makePipeline } from "../pipeline.ts";
import { checkRelease, prefetchChecks } from "./run/check-release.ts";
import { prefetch } from "./run/prefetch.ts";

export const PLAN_PHASES = [preflight, discover, haPreflight, planUpgrade] as const;

export const plan = Effect.fn("tare.plan")(
  function* (options: UpgradeOptions, identity: Identity) {
    const phase = yield* makePipeline(PLAN_PHASES);
    const reads = yield* prefetch(options);

    yield* phase(preflight, { options, facts: reads.preflight, writes: false });
    const { chart, release } = reads;
    const installed = yield* phase(discover, { options, identity, facts: release, chart });
    const checks = yield* prefetchChecks(installed, reads);
    yield* phase(haPreflight, { options, facts: reads.ha });
    const { facts, ha, objects } = yield* checkRelease({
      options,
      identity,
      installed,
      checks,
      cluster: reads,
    });
    const liveCrds = reads.crds;
    return yield* phase(planUpgrade, {
      options,
      identity,
      installed,
      facts,
      objects,
      ha,
      liveCrds,
    });
  },
  flow(Effect.scoped, Effect.interruptible),
);
