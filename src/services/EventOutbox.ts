import { Context, Data, Effect, Layer } from "effect";
import {
  eventObjectName,
  INSTALL_EVENT_LABELS,
  type InstallEvent,
} from "../domain/install-event.ts";
import { ConfigMap, type KubeObject } from "../domain/kube.ts";
import { Kubectl } from "./Kubectl.ts";

export class OutboxError extends Data.TaggedError("OutboxError")<{ readonly detail: string }> {
  override get message() {
    return this.detail;
  }
}

/** Events on their way to the management plane: kept in the cluster until the doctor forwards them. */
export class EventOutbox extends Context.Service<
  EventOutbox,
  {
    /** Idempotent: the same event written twice is kept once. */
    readonly write: (event: InstallEvent) => Effect.Effect<void, OutboxError>;
  }
>()("tare/services/EventOutbox") {
  /** One ConfigMap per event in the release's namespace. */
  static readonly layer: Layer.Layer<EventOutbox, never, Kubectl> = Layer.effect(
    EventOutbox,
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      return EventOutbox.of({
        write: Effect.fn("EventOutbox.write")(function* (event) {
          yield* kubectl
            .apply(ConfigMap, eventConfigMap(event), { fieldManager: "tare", force: true })
            .pipe(Effect.mapError(({ message }) => new OutboxError({ detail: message })));
        }),
      });
    }),
  );
}

const eventConfigMap = (event: InstallEvent): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: eventObjectName(event),
    namespace: event.namespace,
    labels: {
      ...INSTALL_EVENT_LABELS,
      "tars.io/release": event.release,
      "tars.io/operation": event.operation,
      "tars.io/status": event.status,
      ...(event.helm_revision === undefined
        ? {}
        : { "tars.io/helm-revision": String(event.helm_revision) }),
    },
  },
  data: { "event.json": JSON.stringify(event) },
});
