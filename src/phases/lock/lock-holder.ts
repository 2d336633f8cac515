/** Whether the holder of a release's lock is alive: seen, not computed from clocks. */
import { Clock, Duration, Effect, Option } from "effect";
import { Lease } from "../../domain/kube/objects.ts";
import { leaseName, leaseState } from "../../domain/lock/lease.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import { type ProcessFate, ProcessTable } from "../../services/processes/ProcessTable.ts";

const LOOK_EVERY = Duration.seconds(2);

type Look =
  | { readonly _tag: "Free"; readonly version: string }
  | {
      readonly _tag: "Held";
      readonly version: string;
      readonly holder: string;
      readonly fate: ProcessFate;
      readonly duration: Duration.Duration;
      readonly overlong: boolean;
    };

export const lookAtLock = Effect.fnUntraced(function* (release: ReleaseRef) {
  const [kubectl, processes] = yield* Effect.all([Kubectl, ProcessTable]);
  const found = yield* kubectl.get({
    type: Lease,
    name: leaseName(release),
    namespace: release.namespace,
  });
  const state = Option.match(found, { onNone: () => undefined, onSome: leaseState });
  const version = Option.match(found, {
    onNone: () => "absent",
    onSome: ({ metadata }) => metadata.resourceVersion ?? "",
  });
  if (state === undefined) return { _tag: "Free", version } as Look;
  const { beat, holder, duration, overlong } = state;
  const fate = state.process === undefined ? "unknown" : yield* processes.fate(state.process);
  return { _tag: "Held", version: beat, holder, fate, duration, overlong } as Look;
});

/**
 * A holder is dead whose process is gone, or that shows no heartbeat for the lease's duration by our own clock.
 * @returns what was seen last of a holder that is dead or has gone; nothing of one that is alive
 */
export const watchHolder = Effect.fnUntraced(function* (
  release: ReleaseRef,
  first: Extract<Look, { readonly _tag: "Held" }>,
) {
  const since = yield* Clock.monotonicTimeNanos;
  if (first.fate === "gone") return first;
  if (first.fate === "running") return undefined;
  let seen: Look = first;
  while (seen.version === first.version) {
    const silent = Duration.nanos((yield* Clock.monotonicTimeNanos) - since);
    if (Duration.isGreaterThanOrEqualTo(silent, first.duration)) {
      return first.overlong ? undefined : seen;
    }
    yield* waitFor("lock-holder", LOOK_EVERY);
    seen = yield* lookAtLock(release);
  }
  return seen._tag === "Free" ? seen : undefined;
});
