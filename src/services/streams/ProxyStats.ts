import { Context, Data, type Effect } from "effect";
import type { ProxySecrets } from "../../domain/rollout/trouble/withheld-secrets.ts";
import type { ProxyCounts } from "../../domain/streams/proxy-metrics.ts";

export interface ProxyPod {
  readonly namespace: string;
  readonly name: string;
}

type ProxyStatsReason =
  /** The account of this run is not allowed to reach into pods (`get pods/proxy`). */
  | "Forbidden"
  /** The pod does not exist any more. */
  | "Gone"
  /** Nothing answers in time, or the answer does not count requests. */
  | "Unreadable";

export class ProxyStatsError extends Data.TaggedError("ProxyStatsError")<{
  readonly reason: ProxyStatsReason;
  readonly detail: string;
}> {
  override get message() {
    return this.detail;
  }
}

/** What the Envoy in a data-plane pod counts. Each call ends within two seconds and changes nothing. */
export class ProxyStats extends Context.Service<
  ProxyStats,
  {
    readonly counts: (pod: ProxyPod) => Effect.Effect<ProxyCounts, ProxyStatsError>;
    /** How often the certificates that it was promised came, and did not. */
    readonly secrets: (pod: ProxyPod) => Effect.Effect<ProxySecrets, ProxyStatsError>;
    /** The requests of clients that are under way; an LLM stream is one. */
    readonly openStreams: (pod: ProxyPod) => Effect.Effect<number, ProxyStatsError>;
  }
>()("tare/services/ProxyStats") {}
