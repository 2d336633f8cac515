/** How a lease is taken: at once when it is free, else only after proof that its holder is dead. */
import { Clock, Duration, Effect, Option } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { Lease } from "../../domain/kube/objects.ts";
import {
  heldLease,
  type LeaseState,
  LONGEST_WATCH,
  type LockSubject,
  leaseName,
  leaseState,
} from "../../domain/lock/lease.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import type { Kubectl, KubectlError } from "../kube/Kubectl.ts";
import type { ProcessTable } from "../processes/ProcessTable.ts";
import { type AcquireOptions, LockHeld, type LockNews } from "./ReleaseLock.ts";

const LOOK_EVERY = Duration.seconds(1);
/** After another process was faster. */
const RACE_PAUSE = Duration.millis(100);

interface LeaseAccess {
  readonly kubectl: Kubectl["Service"];
  readonly processes: ProcessTable["Service"];
}

export const leaseRef = (subject: LockSubject) => ({
  type: Lease,
  name: leaseName(subject),
  namespace: subject.namespace,
});

/** For how long, by our own clock, the heartbeat that we saw last has been the last one. */
interface Watch {
  readonly beat: string;
  readonly sinceNanos: bigint;
  /** Another beat was seen before this one: its holder lives. */
  readonly moved: boolean;
}

const heldBy = ({ holder, process, acquiredAt, overlong }: LeaseState): LockHeld =>
  new LockHeld({ holder, process, since: acquiredAt, overlong });

/** Of a lease that goes to others, or seems to, as often as it is asked for. */
const CONTENDED = new LockHeld({ holder: "others, one after another", since: "just now" });

type Verdict =
  | { readonly _tag: "Alive" }
  | { readonly _tag: "Dead"; readonly proof: "gone" | "silent" }
  | { readonly _tag: "Unsure" };

const verdictOn = Effect.fnUntraced(function* (
  { processes }: LeaseAccess,
  state: LeaseState,
  watch: Watch,
  nowNanos: bigint,
): Effect.fn.Return<Verdict> {
  const fate = state.process === undefined ? "unknown" : yield* processes.fate(state.process);
  if (fate === "gone") return { _tag: "Dead", proof: "gone" };
  const silent = Duration.nanos(nowNanos - watch.sinceNanos);
  if (Duration.isGreaterThanOrEqualTo(silent, state.duration)) {
    // What nothing here can prove dead is waited for like the living.
    return state.overlong ? { _tag: "Alive" } : { _tag: "Dead", proof: "silent" };
  }
  return { _tag: fate === "running" || watch.moved ? "Alive" : "Unsure" };
});

/** Nothing when another process was faster. */
const write = (
  write: Effect.Effect<KubeObject, KubectlError>,
): Effect.Effect<KubeObject | undefined, KubectlError> =>
  Effect.catchIf(
    write,
    ({ reason }) => reason === "Conflict",
    () => Effect.succeed(undefined),
  );

export const takeLease = Effect.fnUntraced(function* (
  access: LeaseAccess,
  subject: LockSubject,
  acquiredAt: number,
  { waitAtMost, onNews }: AcquireOptions,
) {
  const { kubectl, processes } = access;
  const told = new Set<string>();
  const tell = (news: LockNews) => {
    const key = `${news._tag} ${news.held.holder}`;
    if (told.has(key)) return Effect.void;
    told.add(key);
    return onNews(news);
  };
  const startedNanos = yield* Clock.monotonicTimeNanos;
  const waited = Effect.map(Clock.monotonicTimeNanos, (now) => Duration.nanos(now - startedNanos));
  const patience = Duration.isZero(waitAtMost) ? LONGEST_WATCH : waitAtMost;
  const isOver = Effect.map(waited, Duration.isGreaterThanOrEqualTo(patience));
  const wait = (pause: Duration.Duration) => Effect.interruptible(waitFor("lock", pause));
  let watch: Watch | undefined;
  let races = 0;
  while (true) {
    if (races > 0) {
      if (yield* isOver) return yield* CONTENDED;
      yield* wait(RACE_PAUSE);
    }
    races += 1;
    const found = yield* Effect.interruptible(kubectl.get(leaseRef(subject)));
    const now = yield* Clock.currentTimeMillis;
    if (Option.isNone(found)) {
      const created = yield* write(
        kubectl.create(Lease, heldLease(subject, processes.self, acquiredAt, now)),
      );
      if (created !== undefined) return created;
      continue;
    }
    const lease = found.value;
    const state = leaseState(lease);
    const ours = heldLease(
      subject,
      processes.self,
      acquiredAt,
      now,
      lease.metadata.resourceVersion,
    );
    if (state === undefined) {
      const taken = yield* write(kubectl.replace(Lease, ours));
      if (taken !== undefined) return taken;
      continue;
    }
    const nowNanos = yield* Clock.monotonicTimeNanos;
    if (watch?.beat !== state.beat) {
      watch = { beat: state.beat, sinceNanos: nowNanos, moved: watch !== undefined };
    }
    const held = heldBy(state);
    const verdict = yield* verdictOn(access, state, watch, nowNanos);
    if (verdict._tag === "Dead") {
      const taken = yield* write(kubectl.replace(Lease, ours));
      if (taken === undefined) continue;
      yield* tell({ _tag: "TakenOver", held, proof: verdict.proof });
      return taken;
    }
    if (verdict._tag === "Alive") {
      if (Duration.isGreaterThanOrEqualTo(yield* waited, waitAtMost)) return yield* held;
      yield* tell({ _tag: "Waiting", held });
    } else {
      if (yield* isOver) return yield* held;
      yield* tell({ _tag: "Watching", held, atMost: Duration.min(state.duration, patience) });
    }
    races = 0;
    yield* wait(LOOK_EVERY);
  }
});
