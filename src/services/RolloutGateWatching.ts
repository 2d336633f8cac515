import { isDeepStrictEqual } from "node:util";
import { Clock, Deferred, Duration, Effect, Fiber, Layer } from "effect";
import type { KubeObject } from "../domain/kube.ts";
import { answeredFor, isUnmet } from "../domain/rollout/answerable.ts";
import type { Dossier } from "../domain/rollout/dossier.ts";
import { mustBeUp } from "../domain/rollout/gateways.ts";
import {
  entriesOf,
  type PodInTrouble,
  podsInTrouble,
  rolloutProgress,
  type WorkloadProgress,
} from "../domain/rollout/progress.ts";
import {
  type Baseline,
  fatalTrouble,
  mayStillChange,
  nextGraceEnd,
  noteTroubles,
  quietTime,
  type RootCause,
  rootCause,
  type Suspicion,
  suspect,
  type TroubleTimes,
  takeBaseline,
  withoutOldHooks,
} from "../domain/rollout/verdict.ts";
import type { RolloutView, WorkloadGroup } from "../domain/rollout/view.ts";
import { newlyWithheld, type WithheldSecret } from "../domain/rollout/withheld-secrets.ts";
import { hasSettled, observe, UNSETTLED } from "../domain/settling.ts";
import { waitFor } from "../domain/waiting.ts";
import { Kubectl } from "./Kubectl.ts";
import { ProxyStats } from "./ProxyStats.ts";
import {
  type DataPlaneOutcome,
  type Diagnosis,
  type FollowRequest,
  type GateRequest,
  type Rollout,
  RolloutGate,
} from "./RolloutGate.ts";
import { makeAnswers } from "./rollout/answers.ts";
import { type Changes, makeChanges } from "./rollout/changes.ts";
import { makeEvidenceCollector } from "./rollout/evidence.ts";
import { readPriorState } from "./rollout/prior-state.ts";
import { readSecrets } from "./rollout/secrets.ts";
import { type RolloutWatches, watchRollout } from "./rollout/watches.ts";

/** Changes come in bursts: what a burst ends with is what counts. */
const BURST = Duration.millis(250);
/** What could not be confirmed is looked at again after this. */
const CONFIRM_AGAIN = Duration.seconds(1);
const COLLECT_EVERY = Duration.seconds(1);
/** A proxy that gives up waiting for a secret after 15 s can still be given it. */
const SECRETS_ARRIVE_WITHIN = Duration.seconds(60);
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
      if (changes.count() > judged) yield* waitFor("rollout-burst", BURST);
    }
  });

  /** Apart from the judging: reading logs can take its time. */
  const collecting = Effect.gen(function* () {
    while (true) {
      const known = changes.count();
      const wanted = newOnes(seen.troubles, baseline);
      yield* collector.collect(wanted);
      if (wanted.length === 0) yield* changes.after(known);
      yield* waitFor("rollout-evidence", COLLECT_EVERY);
    }
  });

  /** Apart from the judging too: the server takes its time. */
  const asking = Effect.gen(function* () {
    while (true) {
      const known = changes.count();
      const next = yield* answers.ask(yield* watches.view);
      yield* newsOrTime(changes.after(known), next);
      if (changes.count() > known) yield* waitFor("rollout-burst", BURST);
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

/** Until there is news, and no longer than until `atMillis`, which may be never. */
const newsOrTime = Effect.fnUntraced(function* (news: Effect.Effect<void>, atMillis: number) {
  const left = atMillis - (yield* Clock.currentTimeMillis);
  if (left === Number.POSITIVE_INFINITY) return yield* news;
  yield* Effect.raceFirst(news, waitFor("rollout-news", Duration.millis(Math.max(left, 0))));
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

interface Gate {
  readonly gate: GateRequest;
  readonly watches: RolloutWatches;
  readonly changes: Changes;
  readonly baseline: Baseline;
  /** Templates that are not of this run. */
  readonly earlier: ReadonlySet<string>;
  readonly doomed: Effect.Effect<Diagnosis>;
  readonly diagnosis: Effect.Effect<Diagnosis | undefined>;
  /** A secret that a serving proxy does not get, and that all had when following began. */
  readonly withheld: (view: RolloutView) => Effect.Effect<WithheldSecret | undefined>;
}

const withheldText = ({ pod, secret, hadItBefore }: WithheldSecret): string =>
  `pod ${pod} is ready but ${hadItBefore ? "did not get" : "never got"} TLS secret ${secret}${hadItBefore ? " again" : ""}: ` +
  "its listeners refuse connections (restarting the pod usually helps)";

const settle = ({ doomed, ...gate }: Gate) =>
  Effect.raceFirst(
    settling(gate),
    Effect.map(
      doomed,
      (found): DataPlaneOutcome => ({ _tag: "NotSettled", why: found.why, diagnosis: found }),
    ),
  );

const settling = Effect.fnUntraced(function* ({
  gate,
  watches,
  changes,
  baseline,
  earlier,
  diagnosis,
  withheld,
}: Omit<Gate, "doomed">) {
  const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(gate.budget);
  let state = UNSETTLED;
  let lacking: { readonly sinceMillis: number; readonly why: string } | undefined;
  while (true) {
    const looked = changes.count();
    const look = yield* lookOnce(watches, gate, earlier);
    const now = yield* Clock.currentTimeMillis;
    state = observe(state, { ...look, ready: look.why === undefined, atMillis: now });
    const needed =
      mayStillChange(baseline, look.view) || look.excused
        ? quietTime(gate.settleTime)
        : gate.settleTime;
    let nextLook = (state.readySince ?? Number.POSITIVE_INFINITY) + Duration.toMillis(needed);
    if (hasSettled(state, needed, now)) {
      // A connection that died unnoticed would show a data plane at rest for as long as one likes.
      const confirmed = yield* Effect.result(watches.confirm);
      const again = yield* lookOnce(watches, gate, earlier);
      const stands = again.why === undefined && again.fingerprint === look.fingerprint;
      if (confirmed._tag === "Success" && stands) {
        const secret = yield* withheld(again.view);
        if (secret === undefined) return outcomeOf(again);
        lacking = { sinceMillis: lacking?.sinceMillis ?? now, why: withheldText(secret) };
      }
      state = UNSETTLED;
      nextLook = now + Duration.toMillis(CONFIRM_AGAIN);
    }
    const isLacking =
      lacking !== undefined &&
      now - lacking.sinceMillis >= Duration.toMillis(SECRETS_ARRIVE_WITHIN);
    // What is ready may show it: only its quiet is waited for, once more at the most.
    const isLate =
      now >= (look.why === undefined ? deadline + Duration.toMillis(needed) : deadline);
    if (isLate || isLacking) {
      const found = yield* diagnosis;
      const outcome: DataPlaneOutcome = {
        _tag: "NotSettled",
        why:
          found?.why ??
          look.why ??
          lacking?.why ??
          "the data plane is ready but has not been stable long enough",
        diagnosis: found,
      };
      return outcome;
    }
    const wakeAt = now < deadline ? Math.min(nextLook, deadline) : nextLook;
    yield* newsOrTime(changes.after(looked), wakeAt);
    if (changes.count() > looked) yield* waitFor("rollout-burst", BURST);
  }
});

interface Look {
  readonly view: RolloutView;
  readonly progress: ReadonlyArray<WorkloadProgress>;
  readonly fingerprint: string;
  /** Something is not where it should be that need not be: it may yet come. */
  readonly excused: boolean;
  /** Why something that Envoy Gateway made is not where it should be. */
  readonly why: string | undefined;
}

/** What decides whether the rollout has ended well. */
const gatedBy = ({ proxiesOnly = false, withRelease = false }: GateRequest) =>
  new Set<WorkloadGroup>([
    "data-plane",
    ...(proxiesOnly ? [] : (["envoy-gateway"] as const)),
    ...(withRelease ? (["release"] as const) : []),
  ]);

const lookOnce = Effect.fnUntraced(function* (
  watches: RolloutWatches,
  request: GateRequest,
  earlier: ReadonlySet<string>,
) {
  const view = yield* watches.view;
  const { asBefore = false } = request;
  const gated = gatedBy(request);
  const entries = entriesOf(view, earlier).filter(({ group }) => gated.has(group));
  const unmet = entries.find((entry) => isUnmet(view, entry, { asBefore }));
  const trouble = yield* watches.trouble;
  const waiting = entries.some(({ progress }) => progress.waitingFor !== undefined);
  const look: Look = {
    view,
    progress: rolloutProgress(view, [], earlier).filter(({ group }) => gated.has(group)),
    fingerprint: fingerprintOf(view, gated),
    excused: waiting && unmet === undefined,
    why:
      trouble ??
      (unmet === undefined ? undefined : `${unmet.progress.name}: ${unmet.progress.waitingFor}`),
  };
  return look;
});

const outcomeOf = ({ progress, view }: Look): DataPlaneOutcome =>
  !progress.some(({ group }) => group === "data-plane") && view.gateways.length === 0
    ? { _tag: "Absent" }
    : { _tag: "Settled", workloads: progress };

/** Changes whenever a Deployment is replaced or its specification changes: then settling starts anew. */
const fingerprintOf = (view: RolloutView, gated: ReadonlySet<WorkloadGroup>): string =>
  view.workloads
    .filter(({ group }) => gated.has(group))
    .filter(({ group, object }) => group !== "data-plane" || mustBeUp(view, object))
    .map(({ object }) => lineOf(object))
    .sort()
    .join("\n");

/** Not its generation: whoever keeps notes in a Deployment's annotations changes that all the time. */
const lineOf = ({ metadata, spec }: KubeObject): string =>
  `${metadata.name} ${metadata.uid} ${JSON.stringify(spec)}`;
