import { Clock, Context, Data, Effect, Layer, type Option } from "effect";
import { INSTALL_EVENT_LABELS, type InstallEvent } from "../../domain/events/install-event.ts";
import {
  adoptedConfigMap,
  eventConfigMap,
  isOf,
  type OutboxEntry,
  outboxEntry,
  type Settled,
  settledConfigMap,
} from "../../domain/events/outbox-entry.ts";
import { ConfigMap, type KubeObject } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { Kubectl, type KubectlError, type KubectlErrorReason } from "../kube/Kubectl.ts";

export class OutboxError extends Data.TaggedError("OutboxError")<{
  readonly detail: string;
  readonly reason?: KubectlErrorReason;
}> {
  override get message() {
    return this.detail;
  }
}

const outboxError = ({ message, reason }: KubectlError) =>
  new OutboxError({ detail: message, reason });

/** Events on their way to the management plane: kept in the cluster until the doctor forwards them. */
export class EventOutbox extends Context.Service<
  EventOutbox,
  {
    /**
     * Idempotent: the same event written twice is kept once. What it replaces may have been forwarded; the new one
     * will be too.
     */
    readonly write: (event: InstallEvent, recordUid?: string) => Effect.Effect<void, OutboxError>;
    /** Writes it unless there is an event with its id; whether it did. */
    readonly add: (event: InstallEvent, recordUid?: string) => Effect.Effect<boolean, OutboxError>;
    /** What is known of the release's events without reading them. */
    readonly entries: (
      release: ReleaseRef,
    ) => Effect.Effect<ReadonlyArray<OutboxEntry>, OutboxError>;
    /** Nothing when it has gone meanwhile. */
    readonly read: (entry: OutboxEntry) => Effect.Effect<Option.Option<KubeObject>, OutboxError>;
    /** Notes what became of an event as it was read; fails with `Conflict` when it was written again since. */
    readonly settle: (read: KubeObject, settled: Settled) => Effect.Effect<void, OutboxError>;
    /** Notes that an event as it was read tells of the revision whose record has this UID now. */
    readonly adopt: (read: KubeObject, recordUid: string) => Effect.Effect<void, OutboxError>;
    readonly remove: (entry: OutboxEntry) => Effect.Effect<void, OutboxError>;
  }
>()("tare/services/EventOutbox") {
  /** One ConfigMap per event in the release's namespace. */
  static readonly layer: Layer.Layer<EventOutbox, never, Kubectl> = Layer.effect(
    EventOutbox,
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      const labelSelector = Object.entries(INSTALL_EVENT_LABELS)
        .map((label) => label.join("="))
        .join(",");
      return EventOutbox.of({
        write: Effect.fn("EventOutbox.write")(function* (event, recordUid) {
          yield* kubectl
            .apply(ConfigMap, eventConfigMap(event, recordUid), {
              fieldManager: "tare",
              force: true,
            })
            .pipe(Effect.mapError(outboxError));
        }),
        add: Effect.fn("EventOutbox.add")(function* (event, recordUid) {
          return yield* kubectl.create(ConfigMap, eventConfigMap(event, recordUid)).pipe(
            Effect.as(true),
            Effect.catchIf(
              ({ reason }) => reason === "Conflict",
              () => Effect.succeed(false),
            ),
            Effect.mapError(outboxError),
          );
        }),
        entries: Effect.fn("EventOutbox.entries")(function* (release) {
          const { namespace } = release;
          const found = yield* kubectl
            .list({ type: ConfigMap, namespace, labelSelector, metadataOnly: true })
            .pipe(Effect.mapError(outboxError));
          return found.filter(isOf(release)).map((one) => outboxEntry(one, release));
        }),
        read: ({ name, namespace }) =>
          Effect.mapError(kubectl.get({ type: ConfigMap, name, namespace }), outboxError),
        settle: Effect.fn("EventOutbox.settle")(function* (read, settled) {
          const at = new Date(yield* Clock.currentTimeMillis).toISOString();
          yield* Effect.mapError(
            kubectl.replace(ConfigMap, settledConfigMap(read, settled, at)),
            outboxError,
          );
        }),
        adopt: Effect.fn("EventOutbox.adopt")(function* (read, recordUid) {
          yield* Effect.mapError(
            kubectl.replace(ConfigMap, adoptedConfigMap(read, recordUid)),
            outboxError,
          );
        }),
        remove: ({ name, namespace }) =>
          Effect.mapError(kubectl.delete({ type: ConfigMap, name, namespace }), outboxError),
      });
    }),
  );
}
