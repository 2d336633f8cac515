/**
 * The upgrade, start to end. Read it beside the product page: five phases in the printed order. What is read ahead of a
 * phase is delivered when the phase asks.
 */
import { Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { UpgradeOptions } from "../domain/run/upgrade-options.ts";
import type { IdleFlag } from "../domain/values/idle-flags.ts";
import type { UpgradeError } from "../errors.ts";
import { haPreflight } from "../phases/checks/ha-preflight.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { requireRendered } from "../phases/checks/release/require-rendered.ts";
import { applyCrds } from "../phases/crds/apply-crds.ts";
import { helmUpgrade, type UpgradeResult } from "../phases/helm/helm-upgrade.ts";
import { discover } from "../phases/release/discover.ts";
import type { InstalledRelease } from "../phases/release/installed-release.ts";
import { readBaseline, tellPriorState } from "../phases/rollout/prior-state.ts";
import { makePipeline, prefetched } from "../pipeline.ts";
import { report, warn } from "../services/report/Reporter.ts";
import { asOwner } from "./run/as-owner.ts";
import { checkRelease, prefetchChecks } from "./run/check-release.ts";
import { prefetch, prefetchCluster } from "./run/prefetch.ts";
import { recoverIfStuck } from "./run/recover.ts";
import { beginRun } from "./run/run.ts";

/** The phases of an upgrade, in the order in which they are printed and numbered. */
export const UPGRADE_PHASES = [preflight, discover, haPreflight, applyCrds, helmUpgrade] as const;

export interface UpgradeOutcome extends UpgradeResult {
  /** Flags of this run that changed nothing on the cluster. */
  readonly idle: ReadonlyArray<IdleFlag>;
}

const upgraded = Effect.fn("tare.upgrade")(
  function* (options: UpgradeOptions, identity: Identity) {
    const phase = yield* makePipeline(UPGRADE_PHASES);
    const reads = yield* prefetch(options);
    const run = yield* beginRun(options, identity);

    const beforeWriting = Effect.gen(function* () {
      yield* phase(preflight, { options, facts: reads.preflight });
      const { facts, ownership } = yield* phase.before(
        discover,
        recoverIfStuck(run, reads.release),
      );
      const release = Effect.succeed(facts);
      const installed = yield* phase(discover, {
        options,
        identity,
        facts: release,
        chart: reads.chart,
      });
      // What was read ahead of another run's end, or of a recovery, tells of the cluster before it.
      const cluster = ownership === undefined ? reads : yield* prefetchCluster(options);
      const checks = yield* prefetchChecks(installed, cluster);
      const priorState = yield* prefetched(readBaseline(options, installed));
      yield* phase(haPreflight, { options, facts: cluster.ha });
      yield* reportChart(installed);
      const checked = yield* checkRelease({ options, identity, installed, checks, cluster });
      const prior = yield* priorState;
      yield* tellPriorState(prior);
      return { ownership, installed, cluster, prior, ...checked };
    });
    const { ownership, installed, cluster, prior, facts, objects, idle } =
      yield* Effect.interruptible(beforeWriting);

    return yield* asOwner(
      { run, installed, ownership },
      Effect.fnUntraced(function* ({ lock, journal, streams }) {
        yield* requireRendered(installed, facts);
        const { release } = options;
        const crds = { manifests: installed.chart.crds, live: cluster.crds, release, lock };
        yield* journal.around("crds")(phase(applyCrds, crds)).pipe(Effect.interruptible);
        const takeBack = objects?.takeBack ?? [];
        const attempt = { options, identity, installed, lock, streams, takeBack, prior };
        const result = yield* journal.around("upgrade")(phase(helmUpgrade, attempt));
        return { ...result, idle } satisfies UpgradeOutcome;
      }),
    );
  },
  flow(Effect.scoped, Effect.uninterruptible),
);

/** What an upgrade asks of its surroundings. */
export type UpgradeServices = Effect.Services<ReturnType<typeof upgraded>>;

/**
 * Upgrades the release, or fails with why it did not: rolled back and verified, if anything had been written by then.
 *
 * An interruption stops the first four phases where they are. The last one decides itself what can be interrupted, and
 * its caller learns how the upgrade ended: a success that came first stays one.
 *
 * @example
 * ```ts
 * import { Effect } from "effect";
 * import { DEFAULT_UPGRADE_OPTIONS, type Identity, upgrade } from "tare";
 *
 * export const upgradeOrSay = (identity: Identity) =>
 *   upgrade(DEFAULT_UPGRADE_OPTIONS, identity).pipe(
 *     Effect.map(({ toVersion }) => `runs ${toVersion}`),
 *     Effect.catchTag("UpgradeRolledBack", ({ why }) => Effect.succeed(why.join("; "))),
 *   );
 * ```
 */
export const upgrade: (
  options: UpgradeOptions,
  identity: Identity,
) => Effect.Effect<UpgradeOutcome, UpgradeError, UpgradeServices> = upgraded;

const reportChart = Effect.fnUntraced(function* ({ chart }: InstalledRelease) {
  const { origin, embedded, version } = chart;
  yield* report({ _tag: "ChartChosen", origin, embedded, version });
  if (chart.missingCrds.length > 0) {
    yield* warn({ code: "embedded-crds-missing", crds: chart.missingCrds });
  }
});
