import { Clock, Context, Effect, Layer, Ref, Schema } from "effect";
import {
  type DeliveryOutcome,
  deliveryOutcome,
  type PlaneAnswer,
} from "../../src/domain/events/delivery.ts";
import { InstallEvent } from "../../src/domain/events/install-event.ts";
import type { ServeUrlRegistration } from "../../src/domain/events/serve-url.ts";
import { ManagementPlane } from "../../src/services/events/ManagementPlane.ts";

/** What the plane does with a request: it answers, or the connection breaks before or after it has taken the event. */
export type PlaneBehaviour =
  | ({ readonly _tag: "Answer" } & Partial<PlaneAnswer> & { readonly status: number })
  | { readonly _tag: "Reset"; readonly taken: boolean };

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(InstallEvent));

const RESET: DeliveryOutcome = {
  _tag: "TryLater",
  reason: { _tag: "Unanswered", detail: "socket hang up" },
  soon: true,
};

/** What a request meets: what it brings is taken, or is not, before the answer. */
const answered = Effect.fnUntraced(function* (does: PlaneBehaviour, take: Effect.Effect<void>) {
  if (does._tag === "Reset") {
    if (does.taken) yield* take;
    return RESET;
  }
  const now = yield* Clock.currentTimeMillis;
  const outcome = deliveryOutcome({ detail: "", ...does }, now);
  if (outcome._tag === "Accepted") yield* take;
  return outcome;
});

/** The management plane in memory: one row per `event_id`, the last one sent. */
export class FakeManagementPlane extends Context.Service<
  FakeManagementPlane,
  {
    /** Every event that was taken, in the order of arrival, repeated ones too. */
    readonly received: Effect.Effect<ReadonlyArray<InstallEvent>>;
    /** One line a row: operation, status and revision, in the order in which they first came. */
    readonly rows: Effect.Effect<ReadonlyArray<string>>;
    readonly attempts: Effect.Effect<number>;
    /** What was registered, in the order of arrival, repeated ones too. */
    readonly registrations: Effect.Effect<ReadonlyArray<ServeUrlRegistration>>;
    /** How it treats registrations from now on; 204 to all of them at first. */
    readonly behaveAtRegistration: (
      behaviour: (attempt: number) => PlaneBehaviour,
    ) => Effect.Effect<void>;
    /** How it treats the requests from now on; 202 to all of them at first. */
    readonly behave: (
      behaviour: (event: InstallEvent, attempt: number) => PlaneBehaviour,
    ) => Effect.Effect<void>;
  }
>()("tare/testing/FakeManagementPlane") {
  static readonly layer: Layer.Layer<FakeManagementPlane | ManagementPlane> = Layer.effectContext(
    Effect.gen(function* () {
      const received = yield* Ref.make<ReadonlyArray<InstallEvent>>([]);
      const attempts = yield* Ref.make(0);
      const behaviour = yield* Ref.make<(event: InstallEvent, attempt: number) => PlaneBehaviour>(
        () => ({ _tag: "Answer", status: 202 }),
      );
      const registrations = yield* Ref.make<ReadonlyArray<ServeUrlRegistration>>([]);
      const registering = yield* Ref.make(0);
      const atRegistration = yield* Ref.make<(attempt: number) => PlaneBehaviour>(() => ({
        _tag: "Answer",
        status: 204,
      }));
      const fake = FakeManagementPlane.of({
        registrations: Ref.get(registrations),
        behaveAtRegistration: (next) => Ref.set(atRegistration, next),
        received: Ref.get(received),
        attempts: Ref.get(attempts),
        rows: Effect.map(Ref.get(received), (all) => {
          const rows = new Map(all.map((event) => [event.event_id, event]));
          return [...rows.values()].map(
            ({ operation, status, helm_revision: revision = "-" }) =>
              `${revision} ${operation} ${status}`,
          );
        }),
        behave: (next) => Ref.set(behaviour, next),
      });
      const plane = ManagementPlane.of({
        send: Effect.fnUntraced(function* (text) {
          const event = yield* Effect.orDie(decode(text));
          const attempt = yield* Ref.updateAndGet(attempts, (count) => count + 1);
          const does = (yield* Ref.get(behaviour))(event, attempt);
          return yield* answered(
            does,
            Ref.update(received, (all) => [...all, event]),
          );
        }),
        register: Effect.fnUntraced(function* (registration) {
          const attempt = yield* Ref.updateAndGet(registering, (count) => count + 1);
          const does = (yield* Ref.get(atRegistration))(attempt);
          return yield* answered(
            does,
            Ref.update(registrations, (all) => [...all, registration]),
          );
        }),
      });
      return Context.make(FakeManagementPlane, fake).pipe(Context.add(ManagementPlane, plane));
    }),
  );
}
