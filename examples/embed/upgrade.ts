/** tare's phases in an order of our own: between the HA preflight and the first write, the change window is asked. */
import { Effect } from "effect";
import {
  applyCrds,
  asOwner,
  beginRun,
  checkRelease,
  discover,
  haPreflight,
  helmUpgrade,
  type Identity,
  makePipeline,
  prefetch,
  prefetchChecks,
  prefetchCluster,
  prefetched,
  preflight,
  readBaseline,
  recoverIfStuck,
  requireRendered,
  type UpgradeOptions,
} from "tare";
import { changeWindow } from "./change-window.ts";

const PHASES = [preflight, discover, haPreflight, changeWindow, applyCrds, helmUpgrade];

/** Nothing is written here, but for what brings a stuck release back; it can be interrupted everywhere. */
const beforeWriting = Effect.fnUntraced(function* (
  phase: Effect.Success<ReturnType<typeof makePipeline>>,
  options: UpgradeOptions,
  identity: Identity,
) {
  const reads = yield* prefetch(options);
  const run = yield* beginRun(options, identity);
  yield* phase(preflight, { options, facts: reads.preflight });
  const { facts, ownership } = yield* phase.before(discover, recoverIfStuck(run, reads.release));
  const installed = yield* phase(discover, {
    options,
    identity,
    facts: Effect.succeed(facts),
    chart: reads.chart,
  });
  const cluster = ownership === undefined ? reads : yield* prefetchCluster(options);
  const checks = yield* prefetchChecks(installed, cluster);
  const priorState = yield* prefetched(readBaseline(options, installed));
  yield* phase(haPreflight, { options, facts: cluster.ha });
  const checked = yield* checkRelease({ options, identity, installed, checks, cluster });
  yield* phase(changeWindow, undefined);
  return { run, ownership, installed, cluster, checked, prior: yield* priorState };
}, Effect.interruptible);

export const upgradeInWindow = Effect.fn("embed-example.upgrade")(
  function* (options: UpgradeOptions, identity: Identity) {
    const phase = yield* makePipeline(PHASES);
    const { run, ownership, installed, cluster, checked, prior } = yield* beforeWriting(
      phase,
      options,
      identity,
    );
    // Under the lock, with the journal, the answer to a second signal, and the event.
    return yield* asOwner(
      { run, installed, ownership },
      Effect.fnUntraced(function* ({ lock, journal, streams }) {
        yield* requireRendered(installed, checked.facts);
        const { release } = options;
        const crds = { manifests: installed.chart.crds, live: cluster.crds, release, lock };
        yield* journal.around("crds")(phase(applyCrds, crds)).pipe(Effect.interruptible);
        const takeBack = checked.objects?.takeBack ?? [];
        return yield* journal.around("upgrade")(
          phase(helmUpgrade, { options, identity, installed, lock, streams, takeBack, prior }),
        );
      }),
    );
  },
  Effect.scoped,
  Effect.uninterruptible,
);
