import { Effect } from "effect";
import type { LeftAlone } from "../../domain/events/doctor-report.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { lookAtLock, watchHolder } from "../../phases/lock/lock-holder.ts";

type Quiet<A> =
  | { readonly _tag: "Quiet"; readonly value: A }
  | { readonly _tag: "AtWork"; readonly why: LeftAlone };

/**
 * Reads the release while no run works on it. What a run wrote while we read could be taken for what a dead one left, so
 * the lock is looked at before and after.
 */
export const whileQuiet = Effect.fnUntraced(function* <A, E, R>(
  release: ReleaseRef,
  read: Effect.Effect<A, E, R>,
) {
  const first = yield* lookAtLock(release);
  const before = first._tag === "Held" ? yield* watchHolder(release, first) : first;
  if (before === undefined) {
    const holder = first._tag === "Held" ? first.holder : undefined;
    return { _tag: "AtWork", why: { _tag: "AtWork", holder } } as Quiet<A>;
  }
  const value = yield* read;
  const after = yield* lookAtLock(release);
  return (
    after.version === before.version
      ? { _tag: "Quiet", value }
      : { _tag: "AtWork", why: { _tag: "Changed" } }
  ) as Quiet<A>;
});
