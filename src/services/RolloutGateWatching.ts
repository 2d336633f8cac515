import { isDeepStrictEqual } from "node:util";
import { Clock, Deferred, Duration, Effect, Layer } from "effect";
import type { KubeObject } from "../domain/kube.ts";
import type { Dossier } from "../domain/rollout/dossier.ts";
import {
  type PodInTrouble,
  podsInTrouble,
  rolloutProgress,
  type WorkloadProgress,
} from "../domain/rollout/progress.ts";
import {
  type Baseline,
  fatalTrouble,
  mayStillChange,
  noteTroubles,
  quietTime,
  type RootCause,
  rootCause,
  type Suspicion,
  suspect,
  type TroubleTimes,
  takeBaseline,
} from "../domain/rollout/verdict.ts";
import type { RolloutView } from "../domain/rollout/view.ts";
import { hasSettled, observe, UNSETTLED } from "../domain/settling.ts";
import { Kubectl } from "./Kubectl.ts";
import {
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type GateRequest,
  type Rollout,
  RolloutGate,
} from "./RolloutGate.ts";
import { makeEvidenceCollector } from "./rollout/evidence.ts";
import { type RolloutWatches, watchRollout } from "./rollout/watches.ts";

/** Changes come in bursts; grace times end without a change. */
const LOOK_EVERY = Duration.millis(500);
const JUDGE_EVERY = Duration.seconds(1);
const FIRST_LOOK = Duration.seconds(10);

/** Watches, so that its cost does not grow with what else is in the namespaces. */
export const layerRolloutGateWatching: Layer.Layer<RolloutGate, never, Kubectl> = Layer.effect(
  RolloutGate,
  Effect.gen(function* () {
    const kubectl = yield* Kubectl;
    return RolloutGate.of({
      follow: (request) => Effect.provideService(follow(request), Kubectl, kubectl),
    });
  }),
);

interface Seen {
  readonly progress: ReadonlyArray<WorkloadProgress>;
  readonly troubles: ReadonlyArray<PodInTrouble>;
}

const follow = Effect.fn("RolloutGate.follow")(function* (request: FollowRequest) {
  const watches = yield* watchRollout(request);
  const collector = yield* makeEvidenceCollector;
  const doomed = yield* Deferred.make<Diagnosis>();
  yield* firstLook(watches);
  const baseline = takeBaseline(yield* watches.view);
  let times: TroubleTimes = new Map();
  let seen: Seen = { progress: [], troubles: [] };
  let worst: Suspicion | undefined;

  const diagnose = Effect.fnUntraced(function* (cause: RootCause) {
    const dossier: Dossier = {
      why: cause.line,
      release: `${request.release.namespace}/${request.release.name}`,
      atMillis: yield* Clock.currentTimeMillis,
      workloads: seen.progress,
      pods: [...(yield* collector.evidence)].reverse(),
    };
    return { why: cause.line, missingImage: cause.missingImage, dossier } satisfies Diagnosis;
  });

  const judge = Effect.fnUntraced(function* () {
    const view = yield* watches.view;
    const now = yield* Clock.currentTimeMillis;
    const troubles = podsInTrouble(view, yield* collector.warnings);
    times = noteTroubles(times, troubles, now);
    const progress = rolloutProgress(view, troubles);
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

  const loop = Effect.gen(function* () {
    let judgedAt = Number.NEGATIVE_INFINITY;
    let version = -1;
    while (true) {
      const now = yield* Clock.currentTimeMillis;
      const current = yield* watches.version;
      if (current !== version || now - judgedAt >= Duration.toMillis(JUDGE_EVERY)) {
        [version, judgedAt] = [current, now];
        yield* watches.adjust;
        yield* judge();
      }
      yield* Effect.sleep(LOOK_EVERY);
    }
  });

  /** Apart from the judging: reading logs can take its time. */
  const collecting = Effect.gen(function* () {
    while (true) {
      yield* collector.collect(newOnes(seen.troubles, baseline));
      yield* Effect.sleep(JUDGE_EVERY);
    }
  });

  yield* Effect.forkScoped(loop);
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
          baseline,
          doomed: gate.failFast ? Deferred.await(doomed) : Effect.never,
          diagnosis: rollout.diagnosis,
        }),
      ),
  };
  return rollout;
});

const newOnes = (
  troubles: ReadonlyArray<PodInTrouble>,
  { generations }: Baseline,
): ReadonlyArray<PodInTrouble> => troubles.filter(({ generation }) => !generations.has(generation));

/** Until everything was listed once; not for long, since the upgrade does not depend on it. */
const firstLook = ({ listed, adjust }: RolloutWatches): Effect.Effect<void> =>
  listed.pipe(
    // The ReplicaSets are listed next: without them every template would look new.
    Effect.andThen(adjust),
    Effect.andThen(listed),
    Effect.timeoutOption(FIRST_LOOK),
    Effect.asVoid,
  );

interface Gate {
  readonly gate: GateRequest;
  readonly watches: RolloutWatches;
  readonly baseline: Baseline;
  readonly doomed: Effect.Effect<Diagnosis>;
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
}

const settle = ({ gate, watches, baseline, doomed, diagnosis }: Gate) =>
  Effect.raceFirst(
    settling({ gate, watches, baseline, diagnosis }),
    Effect.map(
      doomed,
      (found): DataPlaneOutcome => ({ _tag: "NotSettled", why: found.why, diagnosis: found }),
    ),
  );

const settling = Effect.fnUntraced(function* ({
  gate,
  watches,
  baseline,
  diagnosis,
}: Omit<Gate, "doomed">) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(gate.budget);
  let state = UNSETTLED;
  while (true) {
    const look = yield* lookOnce(watches);
    const now = yield* Clock.currentTimeMillis;
    state = observe(state, { ...look, ready: look.why === undefined, atMillis: now });
    const needed = mayStillChange(baseline, look.view)
      ? quietTime(gate.settleTime)
      : gate.settleTime;
    if (hasSettled(state, needed, now)) {
      // A connection that died unnoticed would show a data plane at rest for as long as one likes.
      const confirmed = yield* Effect.result(watches.confirm);
      const again = yield* lookOnce(watches);
      const stands = again.why === undefined && again.fingerprint === look.fingerprint;
      if (confirmed._tag === "Success" && stands) return outcomeOf(again);
      state = UNSETTLED;
    }
    if (now >= deadline) {
      const found = yield* diagnosis;
      const outcome: DataPlaneOutcome = {
        _tag: "NotSettled",
        why:
          found?.why ?? look.why ?? "the data plane is ready but has not been stable long enough",
        diagnosis: found,
      };
      return outcome;
    }
    yield* Effect.sleep(JUDGE_EVERY);
  }
});

interface Look {
  readonly view: RolloutView;
  readonly progress: ReadonlyArray<WorkloadProgress>;
  readonly fingerprint: string;
  /** Why the data plane is not where it should be. */
  readonly why: string | undefined;
}

const lookOnce = Effect.fnUntraced(function* (watches: RolloutWatches) {
  const view = yield* watches.view;
  const progress = rolloutProgress(view, []).filter(({ group }) => group === "data-plane");
  const waiting = progress.find(({ waitingFor }) => waitingFor !== undefined);
  const trouble = yield* watches.trouble;
  const look: Look = {
    view,
    progress,
    fingerprint: fingerprintOf(view),
    why: trouble ?? (waiting === undefined ? undefined : `${waiting.name}: ${waiting.waitingFor}`),
  };
  return look;
});

const outcomeOf = ({ progress, view }: Look): DataPlaneOutcome =>
  progress.length === 0 && view.gateways.length === 0
    ? { _tag: "Absent" }
    : { _tag: "Settled", workloads: progress };

/** Changes whenever a Deployment is replaced or its specification changes: then settling starts anew. */
const fingerprintOf = ({ workloads }: RolloutView): string =>
  workloads
    .filter(({ group }) => group === "data-plane")
    .map(({ object }) => lineOf(object))
    .sort()
    .join("\n");

const lineOf = ({ metadata }: KubeObject): string =>
  `${metadata.name} ${metadata.uid} ${metadata.generation}`;
