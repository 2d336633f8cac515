import { Clock, Duration, Effect, Option, Result, Schema } from "effect";
import type { DeliveryOutcome } from "../../domain/events/delivery.ts";
import type { EventBrief, EventReason, StopReason } from "../../domain/events/doctor-report.ts";
import { EVENT_SCHEMA_VERSION, InstallEvent } from "../../domain/events/install-event.ts";
import { eventText, type OutboxEntry } from "../../domain/events/outbox-entry.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { EventOutbox, type OutboxError } from "../../services/events/EventOutbox.ts";
import { ManagementPlane } from "../../services/events/ManagementPlane.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { describeEventReason } from "../../words/events/doctor.ts";

/** Less than the CronJob's deadline, so that a tick that cannot finish can still say so. */
const TICK_BUDGET = Duration.seconds(150);
const ATTEMPTS = 3;
const FIRST_WAIT = Duration.seconds(1);
/** A plane that wants more time gets the time until the next tick. */
const LONGEST_WAIT = Duration.seconds(30);

export interface Forwarding {
  readonly forwarded: ReadonlyArray<EventBrief>;
  readonly rejected: ReadonlyArray<EventBrief>;
  readonly kept: ReadonlyArray<EventBrief>;
  readonly stoppedBecause: StopReason | undefined;
}

export const briefOfEntry = (
  { name, revision }: OutboxEntry,
  reason?: EventReason,
): EventBrief => ({
  name,
  revision,
  ...(reason === undefined ? {} : { reason }),
});

type Readable =
  | { readonly _tag: "Event"; readonly text: string }
  /** Written by a newer tare: a newer doctor will know it. */
  | { readonly _tag: "Newer"; readonly version: number }
  | { readonly _tag: "Foreign" }
  | { readonly _tag: "Unreadable" };

/** An account that can write ConfigMaps here could make the doctor sign for others: it speaks for its own release and workspace alone. */
const isForeign = (event: InstallEvent, { release, workspaceId }: Speaker): boolean =>
  event.workspace_id !== workspaceId ||
  event.release !== release.name ||
  event.namespace !== release.namespace;

/** In whose name events are sent. */
interface Speaker {
  readonly release: ReleaseRef;
  readonly workspaceId: string;
}

const decodeEvent = Schema.decodeUnknownResult(Schema.fromJsonString(InstallEvent));
const decodeVersion = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Struct({ schema_version: Schema.Int })),
);

const readable = (text: string, speaker: Speaker): Readable => {
  const event = decodeEvent(text);
  if (Result.isSuccess(event)) {
    return isForeign(event.success, speaker) ? { _tag: "Foreign" } : { _tag: "Event", text };
  }
  const version = decodeVersion(text);
  return Result.isSuccess(version) && version.success.schema_version > EVENT_SCHEMA_VERSION
    ? { _tag: "Newer", version: version.success.schema_version }
    : { _tag: "Unreadable" };
};

/** The plane's verdict on an event, or ours on one that it must not get. */
type Sent = DeliveryOutcome | { readonly _tag: "Rejected"; readonly reason: EventReason };

const failed = (detail: string): StopReason => ({ _tag: "Failed", detail });

/** Waits out what is likely to pass soon; what is not is the next tick's. */
const sendPatiently = Effect.fnUntraced(function* (event: string) {
  const plane = yield* ManagementPlane;
  let wait = FIRST_WAIT;
  for (let attempt = 1; ; attempt++) {
    const outcome: DeliveryOutcome = yield* plane.send(event);
    if (outcome._tag !== "TryLater" || !outcome.soon || attempt === ATTEMPTS) return outcome;
    const asked = outcome.retryAfterMillis;
    const pause = asked === undefined ? wait : Duration.millis(asked);
    if (Duration.isGreaterThan(pause, LONGEST_WAIT)) return outcome;
    yield* waitFor("plane-again", pause);
    wait = Duration.times(wait, 2);
  }
});

/**
 * Sends in order, one by one: what follows an event that cannot be sent now waits with it. Each is read right before it is
 * sent, so that no more than one is in memory.
 */
export const forward = Effect.fn("tare.doctor.forward")(function* (
  pending: ReadonlyArray<OutboxEntry>,
  lock: HeldLock,
  speaker: Speaker,
) {
  const outbox = yield* EventOutbox;
  const startedAt = yield* Clock.currentTimeMillis;
  const forwarded: Array<EventBrief> = [];
  const rejected: Array<EventBrief> = [];
  const kept: Array<EventBrief> = [];

  /** Why nothing more can be sent in this tick; nothing when it can. */
  const handle = Effect.fnUntraced(function* (
    entry: OutboxEntry,
  ): Effect.fn.Return<StopReason | undefined, OutboxError, ManagementPlane> {
    const lost = yield* Effect.flip(lock.check).pipe(Effect.option);
    if (Option.isSome(lost)) return failed(lost.value.detail);
    const elapsed = (yield* Clock.currentTimeMillis) - startedAt;
    if (elapsed > Duration.toMillis(TICK_BUDGET)) return { _tag: "OutOfTime" };
    const found = yield* outbox.read(entry);
    if (Option.isNone(found)) return undefined;
    const event = readable(eventText(found.value), speaker);
    if (event._tag === "Newer") {
      kept.push(briefOfEntry(entry, event));
      return undefined;
    }
    const outcome: Sent =
      event._tag === "Event"
        ? yield* sendPatiently(event.text)
        : { _tag: "Rejected", reason: event };
    if (outcome._tag === "TryLater") return outcome.reason;
    if (outcome._tag === "Accepted") {
      yield* outbox.settle(found.value, { delivery: "forwarded" });
      forwarded.push(briefOfEntry(entry));
      return undefined;
    }
    const reason = describeEventReason(outcome.reason);
    yield* outbox.settle(found.value, { delivery: "rejected", reason });
    rejected.push(briefOfEntry(entry, outcome.reason));
    return undefined;
  });

  let stoppedBecause: StopReason | undefined;
  for (const entry of pending) {
    // A mark that fails ends the tick too: the event is sent again by the next one, before those that come after it.
    stoppedBecause ??= yield* Effect.catch(handle(entry), ({ message }) =>
      Effect.succeed(failed(message)),
    );
    if (stoppedBecause !== undefined) kept.push(briefOfEntry(entry));
  }
  return { forwarded, rejected, kept, stoppedBecause } satisfies Forwarding as Forwarding;
});
