import { Context, type Effect } from "effect";
import type { DeliveryOutcome } from "../../domain/events/delivery.ts";
import type { ServeUrlRegistration } from "../../domain/events/serve-url.ts";

/** The remote service that shows the deployment history, and tells clients where a data plane serves. */
export class ManagementPlane extends Context.Service<
  ManagementPlane,
  {
    /**
     * One attempt, bounded in time; `event` is the JSON document as it lies in the outbox. Events are known to the plane by their
     * `event_id`.
     */
    readonly send: (event: string) => Effect.Effect<DeliveryOutcome>;
    /** One attempt, bounded in time, to say where the workspace's data plane serves; saying it again changes nothing. */
    readonly register: (registration: ServeUrlRegistration) => Effect.Effect<DeliveryOutcome>;
  }
>()("tare/services/ManagementPlane") {}
