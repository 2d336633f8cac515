/** The data plane: how much of it there is, whether it works, and how long its streams may go on. */
import { Schema } from "effect";
import { UnheldReason } from "../../hold/unheld.ts";
import { WaitingFor } from "../../rollout/trouble/waiting-for.ts";

const unheld = {
  /** The shortest of the proxies' own. */
  drain: Schema.Duration,
  /** `undefined` where nothing counts them. */
  openStreams: Schema.UndefinedOr(Schema.Int),
};

export const DATA_PLANE_WARNINGS = {
  "single-replica": { workload: Schema.String },
  "high-availability-given-up": {
    minReplicas: Schema.Int,
    live: Schema.Array(Schema.Struct({ workload: Schema.String, replicas: Schema.Int })),
  },
  "timeout-below-drain": {
    timeout: Schema.Duration,
    drain: Schema.Duration,
    startUp: Schema.Duration,
  },
  "streams-may-be-cut": { ...unheld, why: UnheldReason },
  "proxies-not-held": { ...unheld, why: Schema.String },
  "proxy-keeps-connections": { pod: Schema.String, why: Schema.String },
  "proxies-left-serving": { pods: Schema.Int, atMost: Schema.Duration },
  "drain-not-taken": { ...unheld, asked: Schema.Duration, why: Schema.String },
  "drain-not-lengthened": { ...unheld, cause: Schema.String },
  "drain-not-restored": { envoyProxy: Schema.String, cause: Schema.String },
  "longer-drain-stays": { envoyProxies: Schema.Array(Schema.String), drain: Schema.Duration },
  "gateways-unserved": {
    gateways: Schema.Array(
      Schema.Struct({
        place: Schema.String,
        className: Schema.String,
        controller: Schema.UndefinedOr(Schema.String),
        /** Whether that is the release's own. */
        ours: Schema.Boolean,
        servedBy: Schema.Array(Schema.String),
      }),
    ),
  },
  "workloads-unwell": {
    workloads: Schema.Array(
      Schema.Struct({
        workload: Schema.String,
        ready: Schema.Int,
        desired: Schema.Int,
        ailment: WaitingFor,
      }),
    ),
  },
  "workloads-paused": { workloads: Schema.Array(Schema.String) },
  "prior-state-unknown": { cause: Schema.String },
  "data-plane-absent": { namespace: Schema.String },
  "envoy-proxy-unverified": { revision: Schema.Int, cause: Schema.String },
} as const;
