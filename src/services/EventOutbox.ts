import { Context, Data, type Effect } from "effect";
import type { InstallEvent } from "../domain/install-event.ts";

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
>()("tare/services/EventOutbox") {}
