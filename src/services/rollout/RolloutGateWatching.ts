import { isDeepStrictEqual } from "node:util";
import { Clock, Deferred, Duration, Effect, Fiber, Layer } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { answeredFor } from "../../domain/rollout/baseline/answerable.ts";
import {
  type PodInTrouble,
  podsInTrouble,
  rolloutProgress,
  type WorkloadProgress,
} from "../../domain/rollout/progress.ts";
import type { FailureReport } from "../../domain/rollout/trouble/failure-report.ts";
import { lacksPods } from "../../domain/rollout/trouble/lacking-pods.ts";
import { newlyWithheld } from "../../domain/rollout/trouble/withheld-secrets.ts";
import {
  type Baseline,
  fatalTrouble,
  nextGraceEnd,
  noteTroubles,
  type RootCause,
  rootCause,
  type Suspicion,
  suspect,
  type TroubleTimes,
  takeBaseline,
  withoutOldHooks,
} from "../../domain/rollout/verdict.ts";
import { currentGeneration, type RolloutView } from "../../domain/rollout/view.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { ProxyStats } from "../streams/ProxyStats.ts";
import { makeEvidenceCollector } from "./evidence.ts";
import { readPriorState } from "./prior-state.ts";
import { type Diagnosis, type FollowRequest, type Rollout, RolloutGate } from "./RolloutGate.ts";
import { readSecrets } from "./secrets.ts";
import { makeAnswers } from "./watch/answers.ts";
import { makeChanges, newsOrTime, untilBurstIsOver } from "./watch/changes.ts";
import { settle } from "./watch/settle.ts";
import { type RolloutWatches, watchRollout } from "./watch/watches.ts";

const COLLECT_EVERY = Duration.seconds(1);
const FIRST_LOOK = Duration.seconds(10);

/** Watches, so that its cost does not grow with what else is in the namespaces. */
export const layerRolloutGateWatching: Layer.Layer<RolloutGate, never, Kubectl | ProxyStats> =
  Layer.effect(
    RolloutGate,
    Effect.gen(function* () {
      const [kubectl, stats] = [yield* Kubectl, yield* ProxyStats];
      return RolloutGate.of({
        priorState: (where) => Effect.provideService(readPriorState(where), Kubectl, kubectl),
        follow: (request) =>
          follow(request).pipe(
            Effect.provideService(Kubectl, kubectl),
            Effect.provideService(ProxyStats, stats),
          ),
      });
    }),
  );

interface Seen {
  readonly progress: ReadonlyArray<WorkloadProgress>;
  readonly troubles: ReadonlyArray<PodInTrouble>;
}

const follow = Effect.fn("RolloutGate.follow")(function* (request: FollowRequest) {
  const changes = makeChanges();
  const answers = yield* makeAnswers(changes);
  const watches = yield* watchRollout(request, changes, answers);
  const collector = yield* makeEvidenceCollector(changes);
  const doomed = yield* Deferred.make<Diagnosis>();
  yield* firstLook(watches);
  const baseline = takeBaseline(yield* watches.view);
  const earlier = request.isUnderWay === true ? new Set<string>() : baseline.generations;
  const stats = yield* ProxyStats;
  const secrets = (view: RolloutView) =>
    Effect.provideService(readSecrets(view), ProxyStats, stats);
  const secretsBefore = yield* Effect.forkScoped(secrets(yield* watches.view));
  let times: TroubleTimes = new Map();
  let seen: Seen = { progress: [], troubles: [] };
  let worst: Suspicion | undefined;

  const diagnose = Effect.fnUntraced(function* (cause: RootCause) {
    const failureReport: FailureReport = {
      cause,
      release: `${request.release.namespace}/${request.release.name}`,
      atMillis: yield* Clock.currentTimeMillis,
      workloads: seen.progress,
      pods: [...(yield* collector.evidence)].reverse(),
    };
    return { cause, failureReport } satisfies Diagnosis;
  });

  const judge = Effect.fnUntraced(function* () {
    const view = withoutOldHooks(yield* watches.view, baseline);
    const now = yield* Clock.currentTimeMillis;
    const found = podsInTrouble(view, yield* collector.told);
    const troubles = answeredFor(view, found);
    times = noteTroubles(times, troubles, now);
    const progress = rolloutProgress(view, found, earlier);
    const changed = !isDeepStrictEqual(progress, seen.progress);
    seen = { progress, troubles };
    if (changed) yield* request.onProgress(progress);
    worst = suspect(worst, newOnes(troubles, baseline), view);
    const fatal = fatalTrouble(troubles, times, baseline, now);
    if (fatal !== undefined && !(yield* Deferred.isDone(doomed))) {
      yield* collector.collect([fatal]);
      yield* Deferred.succeed(doomed, yield* diagnose(rootCause(fatal)));
    }
  });

  /** Changes, and the ends of grace times, which come without one. */
  const judging = Effect.gen(function* () {
    while (true) {
      const judged = changes.count();
      yield* watches.adjust;
      yield* judge();
      const graceEnd = nextGraceEnd(seen.troubles, times, yield* Clock.currentTimeMillis);
      yield* newsOrTime(changes.after(judged), graceEnd);
      yield* untilBurstIsOver(changes, judged);
    }
  });

  /** Apart from the judging: reading logs can take its time. */
  const collecting = Effect.gen(function* () {
    while (true) {
      const known = changes.count();
      const wanted = newOnes(seen.troubles, baseline);
      const lacking = newlyLacking(yield* watches.view, baseline);
      yield* collector.collect(wanted);
      yield* collector.collectOf(lacking);
      if (wanted.length === 0 && lacking.length === 0) yield* changes.after(known);
      yield* waitFor("rollout-evidence", COLLECT_EVERY);
    }
  });

  /** Apart from the judging too: the server takes its time. */
  const asking = Effect.gen(function* () {
    while (true) {
      const known = changes.count();
      const next = yield* answers.ask(yield* watches.view);
      yield* newsOrTime(changes.after(known), next);
      yield* untilBurstIsOver(changes, known);
    }
  });

  yield* Effect.forkScoped(judging);
  yield* Effect.forkScoped(asking);
  yield* Effect.forkScoped(collecting);

  const rollout: Rollout = {
    doomed: Deferred.await(doomed),
    diagnosis: Effect.suspend(() =>
      worst === undefined ? Effect.succeed(undefined) : diagnose(worst.cause),
    ),
    settled: (gate) =>
      Effect.suspend(() =>
        settle({
          gate,
          watches,
          changes,
          baseline,
          earlier,
          doomed: gate.failFast ? Deferred.await(doomed) : Effect.never,
          diagnosis: rollout.diagnosis,
          withheld: (view) =>
            Effect.map(
              Effect.all([Fiber.join(secretsBefore), secrets(view)]),
              ([before, now]) => newlyWithheld(before, now)[0],
            ),
        }),
      ),
  };
  return rollout;
});

const newOnes = (
  troubles: ReadonlyArray<PodInTrouble>,
  { generations }: Baseline,
): ReadonlyArray<PodInTrouble> => troubles.filter(({ generation }) => !generations.has(generation));

const newlyLacking = (view: RolloutView, { generations }: Baseline): ReadonlyArray<KubeObject> =>
  view.workloads.flatMap((workload) => {
    const generation = currentGeneration(workload, view);
    const isNew = generation !== undefined && !generations.has(generation.id);
    return isNew && lacksPods(workload, view) ? [workload.object] : [];
  });

/** Until everything was listed once; not for long, since the upgrade does not depend on it. */
const firstLook = ({ listed, adjust }: RolloutWatches): Effect.Effect<void> =>
  listed.pipe(
    // The ReplicaSets are listed next: without them every template would look new.
    Effect.andThen(adjust),
    Effect.andThen(listed),
    Effect.timeoutOption(FIRST_LOOK),
    Effect.asVoid,
  );
