import { Context, type Effect } from "effect";
import type { DeliveryOutcome } from "../../domain/events/delivery.ts";

/** The remote service that shows the deployment history. Events are known to it by their `event_id`. */
export class ManagementPlane extends Context.Service<
  ManagementPlane,
  {
    /** One attempt, bounded in time; `event` is the JSON document as it lies in the outbox. */
    readonly send: (event: string) => Effect.Effect<DeliveryOutcome>;
  }
>()("tare/services/ManagementPlane") {}
