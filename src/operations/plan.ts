/**
 * `tare upgrade --plan`, start to end: the upgrade's own first three phases, then what the rest would do. It takes no lock and
 * leaves nothing behind.
 */
import { Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { UpgradePlan } from "../domain/plan/upgrade-plan.ts";
import type { UpgradeOptions } from "../domain/run/upgrade-options.ts";
import type { UpgradeError } from "../errors.ts";
import { haPreflight } from "../phases/checks/ha-preflight.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { planUpgrade } from "../phases/plan/plan-upgrade.ts";
import { discover } from "../phases/release/discover.ts";
import { readBaseline, tellPriorState } from "../phases/rollout/prior-state.ts";
import { makePipeline, prefetched } from "../pipeline.ts";
import { checkRelease, prefetchChecks } from "./run/check-release.ts";
import { prefetch } from "./run/prefetch.ts";

/** The phases of a plan, in the order in which they are printed and numbered. */
export const PLAN_PHASES = [preflight, discover, haPreflight, planUpgrade] as const;

const planned = Effect.fn("tare.plan")(
  function* (options: UpgradeOptions, identity: Identity) {
    const phase = yield* makePipeline(PLAN_PHASES);
    const reads = yield* prefetch(options);

    yield* phase(preflight, { options, facts: reads.preflight, writes: false });
    const { chart, release } = reads;
    const installed = yield* phase(discover, { options, identity, facts: release, chart });
    const checks = yield* prefetchChecks(installed, reads);
    const priorState = yield* prefetched(readBaseline(options, installed));
    yield* phase(haPreflight, { options, facts: reads.ha });
    const { facts, ha, objects } = yield* checkRelease({
      options,
      identity,
      installed,
      checks,
      cluster: reads,
    });
    yield* tellPriorState(yield* priorState);
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

/** What a plan asks of its surroundings. */
export type PlanServices = Effect.Services<ReturnType<typeof planned>>;

/**
 * Reads, and has the server rehearse, what `upgrade` would do with these options; it writes nothing. Fails with what would
 * stop the upgrade before its first write.
 *
 * @example
 * ```ts
 * import { Console, Effect } from "effect";
 * import { DEFAULT_UPGRADE_OPTIONS, type Identity, plan } from "tare";
 *
 * export const changedCrds = (identity: Identity) =>
 *   plan(DEFAULT_UPGRADE_OPTIONS, identity).pipe(
 *     Effect.map(({ crds }) => crds.filter(({ verdict }) => verdict === "update").length),
 *     Effect.tap((count) => Console.log(`${count} CRDs would be updated`)),
 *   );
 * ```
 */
export const plan: (
  options: UpgradeOptions,
  identity: Identity,
) => Effect.Effect<UpgradePlan, UpgradeError, PlanServices> = planned;
