/**
 * The upgrade, start to end. Read it beside the product page: five phases in the printed order. Reads that need nothing
 * from an earlier phase are started ahead and delivered when their phase asks.
 */
import { Clock, Duration, Effect, Exit, flow, Random, Ref, Result } from "effect";
import { type EventSubject, installEvent } from "../domain/events/install-event.ts";
import type { Identity } from "../domain/identity/identity.ts";
import { actorOf } from "../domain/processes/actor.ts";
import { type History, lastRevision } from "../domain/release/release.ts";
import { identityOf, note } from "../domain/release/revision-identity.ts";
import type { UpgradeOptions } from "../domain/run/upgrade-options.ts";
import type { IdleFlag } from "../domain/values/idle-flags.ts";
import type { UpgradeError } from "../errors.ts";
import { haPreflight } from "../phases/checks/ha-preflight.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { rehearsal } from "../phases/checks/rehearsal.ts";
import { requireRendered } from "../phases/checks/release-checks.ts";
import { type ReleaseCheckFacts, readReleaseChecks } from "../phases/checks/release-facts.ts";
import { applyCrds } from "../phases/crds/apply-crds.ts";
import { helmUpgrade, type UpgradeResult } from "../phases/helm/helm-upgrade.ts";
import { discover } from "../phases/release/discover.ts";
import type { InstalledRelease } from "../phases/release/installed-release.ts";
import { readPriorState, tellPriorState } from "../phases/rollout/prior-state.ts";
import { type FollowedStreams, followStreams } from "../phases/streams/follow.ts";
import { findIdleFlags, warnOfIdleFlags } from "../phases/values/idle-flags.ts";
import { ahead, makePipeline, once } from "../pipeline.ts";
import { EventOutbox } from "../services/events/EventOutbox.ts";
import { Helm } from "../services/helm/Helm.ts";
import { ProcessTable } from "../services/processes/ProcessTable.ts";
import { ReleaseRecords } from "../services/release/ReleaseRecords.ts";
import { report, warn } from "../services/report/Reporter.ts";
import { type OpenJournal, RunJournal } from "../services/run/RunJournal.ts";
import { CLI_VERSION } from "../version.ts";
import { journaled } from "./run/journaled.ts";
import { clusterReads, firstReads } from "./run/prefetch.ts";
import { soundFacts } from "./run/recover.ts";
import { answerFurtherSignals } from "./run/second-signal.ts";
import { enter } from "./run/take-ownership.ts";

/** Writing the event must never hold up the end of a run for longer. */
const EVENT_BUDGET = "10 seconds";

export const UPGRADE_PHASES = [preflight, discover, haPreflight, applyCrds, helmUpgrade] as const;

export interface UpgradeOutcome extends UpgradeResult {
  /** Flags of this run that changed nothing on the cluster. */
  readonly idle: ReadonlyArray<IdleFlag>;
}

/**
 * An interruption stops the first four phases where they are. The last one decides itself what can be interrupted, and
 * whoever waits for the upgrade is told how it ended: a success that came first stays one.
 */
export const upgrade = Effect.fn("tare.upgrade")(
  function* (options: UpgradeOptions, identity: Identity) {
    const run = yield* makePipeline(UPGRADE_PHASES);
    const reads = yield* firstReads(options);
    const { chart, preflightFacts, releaseFacts } = reads;

    const startedAt = yield* Clock.currentTimeMillis;
    const runId = `${startedAt}-${yield* Random.nextInt}-${yield* Random.nextInt}`;
    const entering = yield* once(enter(options));
    const steady = yield* Ref.make(true);
    const enteringEarly = Effect.tap(entering, () => Ref.set(steady, false));
    const recovering = soundFacts({ options, identity, runId }, releaseFacts, enteringEarly);
    const services = yield* Effect.context<Effect.Services<typeof recovering>>();
    const sound = Effect.provideContext(recovering, services);

    yield* Effect.interruptible(run(preflight, { options, facts: preflightFacts }));
    const installed = yield* Effect.interruptible(
      run(discover, { options, identity, facts: sound, chart }),
    );
    // What was read ahead of a recovery tells of the cluster before it.
    const { standing, haFacts, liveCrds } = (yield* Ref.get(steady))
      ? reads
      : yield* clusterReads(options);
    const crds = { manifests: installed.chart.crds, live: liveCrds, release: options.release };
    const checkFacts = yield* ahead(readReleaseChecks({ installed, standing }));
    const priorFacts = yield* ahead(readPriorState(options));
    yield* Effect.interruptible(run(haPreflight, { options, facts: haFacts }));
    yield* reportChart(installed);

    const facts = yield* Effect.interruptible(checkFacts);
    const ha = yield* Effect.interruptible(haFacts);
    const takeBack = yield* Effect.interruptible(
      Effect.map(
        rehearsal({ options, identity, installed, facts, ha, liveCrds }),
        (objects) => objects?.takeBack ?? [],
      ),
    );
    const idle = yield* Effect.interruptible(lookForIdleFlags(options, installed, facts));
    const prior = yield* Effect.interruptible(priorFacts);
    yield* tellPriorState(prior);

    const { lock } = yield* Effect.interruptible(entering);
    const journal = yield* openJournal({ options, installed, identity, runId });
    yield* answerFurtherSignals(options.release, journal);
    const streams = yield* followStreams(options);
    const attempt = Effect.gen(function* () {
      yield* requireRendered(installed, facts);
      yield* Effect.interruptible(journal.around("crds")(run(applyCrds, { ...crds, lock })));
      const result = yield* journal.around("upgrade")(
        run(helmUpgrade, { options, identity, installed, lock, streams, takeBack, prior }),
      );
      return { ...result, idle } satisfies UpgradeOutcome;
    });
    return yield* journaled(journal)(attempt).pipe(
      withEvent({ installed, identity, runId, journal, streams }),
      Effect.onExit((exit) => journal.end(outcomeOf(exit))),
    );
  },
  flow(Effect.scoped, Effect.uninterruptible),
);

const lookForIdleFlags = Effect.fnUntraced(function* (
  options: UpgradeOptions,
  installed: InstalledRelease,
  facts: ReleaseCheckFacts,
) {
  if (Result.isFailure(facts.rendering)) return [];
  const idle = yield* findIdleFlags(options, installed, facts.rendering.success);
  yield* warnOfIdleFlags(idle, installed);
  return idle;
});

const openJournal = Effect.fnUntraced(function* ({
  options,
  installed,
  identity,
  runId,
}: {
  readonly options: UpgradeOptions;
  readonly installed: InstalledRelease;
  readonly identity: Identity;
  readonly runId: string;
}) {
  const journals = yield* RunJournal;
  const base = lastRevision(installed.history);
  const baseUpdated = note(base)?.updated;
  return yield* journals.open({
    runId,
    release: options.release,
    cliVersion: CLI_VERSION,
    workspaceId: identity.workspaceId,
    fromVersion: installed.fromVersion,
    toVersion: installed.chart.version,
    timeoutSeconds: Duration.toSeconds(options.timeout),
    baseRevision: base?.revision ?? 0,
    ...(baseUpdated === undefined ? {} : { baseUpdated }),
  });
});

const reportChart = Effect.fnUntraced(function* ({ chart }: InstalledRelease) {
  const { origin, embedded, version } = chart;
  yield* report({ _tag: "ChartChosen", origin, embedded, version });
  if (chart.missingCrds.length > 0) {
    yield* warn({ code: "embedded-crds-missing", crds: chart.missingCrds });
  }
});

/** From here on an attempt is being made: however it ends, the deployment history is told. */
const withEvent =
  ({ journal, ...attempted }: Attempted) =>
  <R>(attempt: Effect.Effect<UpgradeOutcome, UpgradeError, R>) =>
    Effect.gen(function* () {
      const startedAt = yield* Clock.currentTimeMillis;
      return yield* Effect.onExit(attempt, (exit) =>
        writeEvent({ exit, startedAt, ...attempted }).pipe(
          Effect.timeout(EVENT_BUDGET),
          Effect.andThen(journal.done("event")),
          Effect.catch((error) => warn({ code: "event-not-written", cause: error.message })),
        ),
      );
    });

interface Attempted {
  readonly installed: InstalledRelease;
  readonly identity: Identity;
  readonly runId: string;
  readonly journal: OpenJournal;
  readonly streams: FollowedStreams;
}

interface EndedAttempt extends Omit<Attempted, "journal"> {
  readonly exit: Exit.Exit<UpgradeResult, UpgradeError>;
  readonly startedAt: number;
}

const writeEvent = Effect.fnUntraced(function* (ended: EndedAttempt) {
  const { exit, installed, identity, startedAt, streams } = ended;
  const outcome = yield* streams.outcome;
  const [outbox, { self }] = yield* Effect.all([EventOutbox, ProcessTable]);
  const { subject, recordUid } = yield* subjectOf(ended);
  yield* outbox.write(
    installEvent({
      actor: actorOf(self),
      release: installed.release,
      subject,
      operation: "upgrade",
      outcome: Exit.isSuccess(exit)
        ? { status: "success" }
        : { status: "failed", ...failureOf(exit) },
      fromVersion: installed.fromVersion,
      toVersion: installed.chart.version,
      startedAt: new Date(startedAt),
      finishedAt: new Date(yield* Clock.currentTimeMillis),
      cliVersion: CLI_VERSION,
      workspaceId: identity.workspaceId,
      source: "cli",
      ...(outcome?._tag === "Counted" ? { streams: outcome.tally } : {}),
    }),
    recordUid,
  );
});

const errorOf = (exit: Exit.Exit<UpgradeResult, UpgradeError>): UpgradeError | undefined => {
  const error = Exit.findErrorOption(exit);
  return error._tag === "Some" ? error.value : undefined;
};

const outcomeOf = (exit: Exit.Exit<UpgradeResult, UpgradeError>): string =>
  Exit.isSuccess(exit) ? "Upgraded" : failureOf(exit).code;

const failureOf = (exit: Exit.Exit<UpgradeResult, UpgradeError>) => {
  const error = errorOf(exit);
  if (error !== undefined) return { summary: error.why.join("; "), code: error._tag };
  return Exit.hasInterrupts(exit)
    ? { summary: "interrupted", code: "Interrupted" }
    : { summary: "internal error", code: "InternalError" };
};

/** The first revision that came after those that were discovered: an interrupted run cannot tell otherwise. */
const firstAfter = ({ history }: InstalledRelease, now: History): number | undefined => {
  const newest = lastRevision(history)?.revision ?? 0;
  return now.find(({ revision }) => revision > newest)?.revision;
};

/** The revision Helm wrote, if any: when it was begun makes the event's id the same whoever reports it. */
const subjectOf = Effect.fnUntraced(function* ({ exit, installed, runId }: EndedAttempt) {
  const error = errorOf(exit);
  const [helm, records] = yield* Effect.all([Helm, ReleaseRecords]);
  const now = yield* Effect.orElseSucceed(helm.history(installed.release), (): History => []);
  const revision = Exit.isSuccess(exit)
    ? exit.value.revision
    : error === undefined
      ? firstAfter(installed, now)
      : "failedRevision" in error
        ? error.failedRevision
        : undefined;
  const uids = yield* Effect.orElseSucceed(
    records.secretUids(installed.release),
    () => new Map<number, string>(),
  );
  const identity = identityOf(
    now.find((one) => one.revision === revision),
    uids,
  );
  const subject: EventSubject =
    revision === undefined || identity === undefined
      ? { _tag: "Run", runId }
      : { _tag: "Revision", revision, identity };
  return { subject, recordUid: revision === undefined ? undefined : uids.get(revision) };
});
