/** tare's phases in an order of our own: between the HA preflight and the first write, the change window is asked. */
import { Effect } from "effect";
import {
  ahead,
  applyCrds,
  ChartSource,
  discover,
  followStreams,
  haPreflight,
  helmUpgrade,
  type Identity,
  makePipeline,
  preflight,
  ReleaseLock,
  readCrds,
  readHa,
  readPreflight,
  readPriorState,
  readRelease,
  type UpgradeOptions,
} from "tare";
import { changeWindow } from "./change-window.ts";

const PHASES = [preflight, discover, haPreflight, changeWindow, applyCrds, helmUpgrade];

export const upgradeInWindow = Effect.fn("embed-example.upgrade")(function* (
  options: UpgradeOptions,
  identity: Identity,
) {
  const run = yield* makePipeline(PHASES);
  const charts = yield* ChartSource;
  const chart = yield* ahead(charts.resolve(options.chart));
  const release = yield* ahead(readRelease(options.release));
  const live = yield* ahead(readCrds);
  const preflightFacts = yield* ahead(readPreflight);
  const haFacts = yield* ahead(readHa(options));
  const priorState = yield* ahead(readPriorState(options));

  yield* run(preflight, { options, facts: preflightFacts });
  const installed = yield* run(discover, { options, identity, facts: release, chart });
  yield* run(haPreflight, { options, facts: haFacts });
  yield* run(changeWindow, undefined);

  const locks = yield* ReleaseLock;
  const lock = yield* locks.acquire(options.release, {
    waitAtMost: options.lockTimeout,
    onNews: () => Effect.void,
  });
  const prior = yield* priorState;
  const manifests = installed.chart.crds;
  yield* run(applyCrds, { manifests, live, release: options.release, lock });
  const streams = yield* followStreams(options);
  return yield* run(helmUpgrade, { options, identity, installed, lock, streams, prior });
}, Effect.scoped);
