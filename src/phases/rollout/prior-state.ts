/** What runs before anything is written, so that the upgrade is judged by what it changes. */
import { Effect } from "effect";
import { priorNotices } from "../../domain/rollout/baseline/prior-notices.ts";
import { withoutDifferences } from "../../domain/rollout/baseline/prior-state.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import { warn } from "../../services/report/Reporter.ts";
import { RolloutGate } from "../../services/rollout/RolloutGate.ts";
import type { InstalledRelease } from "../release/installed-release.ts";

type Where = Pick<UpgradeOptions, "release" | "dataplaneNamespace">;

/** Without it everything must be as it should be in the end, whatever it was before. */
export const readPriorState = Effect.fnUntraced(function* ({ release, dataplaneNamespace }: Where) {
  const gate = yield* RolloutGate;
  return yield* gate.priorState({ release, dataplaneNamespace }).pipe(
    Effect.retry({ times: 2 }),
    Effect.catch(({ message }) =>
      Effect.as(warn({ code: "prior-state-unknown", cause: message }), undefined),
    ),
  );
});

/** What an upgrade of this release is judged against. */
export const readBaseline = Effect.fnUntraced(function* (
  where: Where,
  { deployed, lastGood }: Pick<InstalledRelease, "deployed" | "lastGood">,
) {
  const prior = yield* readPriorState(where);
  const wasSeenToWork = deployed !== undefined && deployed.revision === lastGood?.revision;
  return prior === undefined || wasSeenToWork ? prior : withoutDifferences(prior);
});

/** Said before the first write: what the upgrade will not be judged by. */
export const tellPriorState = (prior: Effect.Success<ReturnType<typeof readPriorState>>) =>
  Effect.forEach(prior === undefined ? [] : priorNotices(prior), warn, { discard: true });
