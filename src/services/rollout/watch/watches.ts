/** Keeps what is known of a rollout up to date by watches, each begun again when it ends. */
import { Clock, Deferred, Duration, Effect, Exit, FiberMap, type Scope, Stream } from "effect";
import { Pod, ReplicaSet } from "../../../domain/kube/objects.ts";
import { podSelectors, type RolloutView } from "../../../domain/rollout/view.ts";
import { waitFor } from "../../../domain/run/waiting.ts";
import { Kubectl, type KubectlError, type WatchEvent } from "../../kube/Kubectl.ts";
import type { FollowRequest } from "../RolloutGate.ts";
import type { Answers } from "./answers.ts";
import type { Changes } from "./changes.ts";
import { fixedSources, furtherSources, type Source, source } from "./sources.ts";
import { applied, type Objects, viewOf } from "./view-of.ts";

const SHORTEST_PAUSE = Duration.millis(500);
const LONGEST_PAUSE = Duration.seconds(5);
/** A type that is not served, or that this account cannot read, is not asked for more often. */
const UNSERVED_PAUSE = Duration.seconds(10);

export interface RolloutWatches {
  readonly view: Effect.Effect<RolloutView>;
  /** Why the view may be out of date; nothing when all that decides is being watched. */
  readonly trouble: Effect.Effect<string | undefined>;
  /** Ends when everything that is watched by now was listed once, or could not be. */
  readonly listed: Effect.Effect<void>;
  /** Begins and ends the watches of pods, as workloads come and go. */
  readonly adjust: Effect.Effect<void>;
  /** Reads what decides once more, directly: a connection that died unnoticed shows nothing new. */
  readonly confirm: Effect.Effect<void, KubectlError>;
}

export const watchRollout = (
  request: FollowRequest,
  changes: Changes,
  answers: Pick<Answers, "given" | "refused">,
): Effect.Effect<RolloutWatches, never, Kubectl | Scope.Scope> =>
  Effect.gen(function* () {
    const kubectl = yield* Kubectl;
    const known = new Map<string, Objects>();
    const troubles = new Map<string, string>();
    const fibers = yield* FiberMap.make<string>();
    const told = new Map<string, Deferred.Deferred<void>>();
    const fixed = fixedSources(request);

    for (const { key, decides } of fixed) if (decides) troubles.set(key, "not seen yet");

    const tellFirst = (key: string): void => {
      const first = told.get(key);
      if (first !== undefined) Deferred.doneUnsafe(first, Exit.void);
    };

    const take = ({ key }: Source, event: WatchEvent) =>
      Effect.sync(() => {
        known.set(key, applied(known.get(key) ?? new Map(), event));
        if (event._tag === "Listed") troubles.delete(key);
        changes.note();
        tellFirst(key);
      });

    const lost = ({ key, decides, optional }: Source, error: KubectlError) =>
      Effect.sync(() => {
        const absent = error.reason === "NotServed" || (optional && error.reason === "Forbidden");
        if (absent) known.set(key, new Map());
        if (absent) troubles.delete(key);
        else if (decides) troubles.set(key, error.message);
        changes.note();
        tellFirst(key);
        return absent;
      });

    const keepWatching = Effect.fnUntraced(function* (watched: Source) {
      let pause = SHORTEST_PAUSE;
      while (true) {
        const startedAt = yield* Clock.currentTimeMillis;
        const error = yield* Effect.flip(
          Stream.runForEach(kubectl.watch(watched.query), (event) => take(watched, event)).pipe(
            Effect.andThen(Effect.never),
          ),
        );
        const absent = yield* lost(watched, error);
        const lasted = (yield* Clock.currentTimeMillis) - startedAt;
        if (lasted > Duration.toMillis(LONGEST_PAUSE)) pause = SHORTEST_PAUSE;
        yield* waitFor("watch-again", absent ? UNSERVED_PAUSE : pause);
        pause = Duration.min(Duration.times(pause, 2), LONGEST_PAUSE);
      }
    });

    const begin = (one: Source) => {
      if (!told.has(one.key)) told.set(one.key, Deferred.makeUnsafe());
      return FiberMap.run(fibers, one.key, keepWatching(one), { onlyIfMissing: true });
    };

    yield* Effect.forEach(fixed, begin, { discard: true });

    let seen: { readonly after: number; readonly view: RolloutView } | undefined;
    /** Made again when something has changed. */
    const view = (): RolloutView => {
      if (seen?.after === changes.count()) return seen.view;
      const made = {
        ...viewOf(request, known),
        answers: new Map(answers.given),
        refusals: new Map(answers.refused),
      };
      seen = { after: changes.count(), view: made };
      return made;
    };

    const podSources = (): ReadonlyArray<Source> => {
      const byPlace = Map.groupBy(
        view().workloads,
        ({ group, object }) => `${group} ${object.metadata.namespace ?? ""}`,
      );
      return [...byPlace.values()].flatMap((group) => {
        const namespace = group[0]?.object.metadata.namespace;
        const place = namespace === undefined ? {} : { namespace };
        return podSelectors(group.map(({ object }) => object)).flatMap((labelSelector) =>
          [Pod, ReplicaSet].map((type) =>
            source({ type, ...place, labelSelector }, { decides: false }),
          ),
        );
      });
    };

    const adjust = Effect.gen(function* () {
      const found = [...podSources(), ...furtherSources(request, view())];
      const wanted = new Map(found.map((one) => [one.key, one]));
      for (const [key] of fibers) {
        if (wanted.has(key) || fixed.some((one) => one.key === key)) continue;
        yield* FiberMap.remove(fibers, key);
        known.delete(key);
        told.delete(key);
        troubles.delete(key);
        changes.note();
      }
      yield* Effect.forEach(wanted.values(), begin, { discard: true });
    });

    const confirm = Effect.gen(function* () {
      const watched = [...fixed, ...furtherSources(request, view())];
      const deciding = watched.filter(({ decides, key }) => decides && !troubles.has(key));
      yield* Effect.forEach(
        deciding.filter(({ key }) => (known.get(key)?.size ?? 0) > 0),
        (one) =>
          Effect.flatMap(kubectl.list(one.query), (objects) =>
            take(one, { _tag: "Listed", objects }),
          ),
        { concurrency: "unbounded", discard: true },
      );
    });

    return {
      view: Effect.sync(view),
      trouble: Effect.sync(() => [...troubles.values()][0]),
      listed: Effect.suspend(() =>
        Effect.forEach(told.values(), Deferred.await, { discard: true }),
      ),
      adjust,
      confirm,
    };
  });
