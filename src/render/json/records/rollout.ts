/** The lines about proxies, their streams and the rollout. */
import { Schema } from "effect";
import { record, Texts } from "./record.ts";

const OpenStreams = Schema.Array(Schema.Struct({ pod: Schema.String, streams: Schema.Int }));

export const StreamTally = {
  openAtStart: Schema.Int,
  cut: Schema.Int,
  cutOf: Schema.Array(
    Schema.Struct({
      pod: Schema.String,
      streams: Schema.Int,
      by: Schema.Literals(["proxy", "listener"]),
      drainSeconds: Schema.optionalKey(Schema.Number),
    }),
  ),
  stillOpen: OpenStreams,
  uncountedProxies: Schema.Int,
};

export const ProxiesHeld = record(
  "proxies-held",
  "Running proxies drain for less than was asked for, and are kept until their streams have ended.",
  {
    deployments: Schema.Array(Schema.Struct({ name: Schema.String, drainSeconds: Schema.Number })),
    pods: Schema.Int,
    askedSeconds: Schema.Number,
  },
);

export const DrainLengthened = record(
  "drain-lengthened",
  "The proxies are replaced by some with the drain that was asked for, before the upgrade begins.",
  { envoyProxies: Texts, drainSeconds: Schema.Number },
);

export const ProxyMoved = record("proxy-moved", "A held proxy left the rotation, or is back.", {
  pod: Schema.String,
  to: Schema.Literals(["out-of-rotation", "rotation"]),
});

export const ProxyLetGo = record("proxy-let-go", "A held proxy was deleted.", {
  pod: Schema.String,
  why: Schema.Literals(["streams-ended", "time-over"]),
  openStreams: Schema.optionalKey(Schema.Int),
});

export const RolloutProgress = record(
  "rollout-progress",
  "Data plane, what Envoy Gateway makes for itself (the rate limiter), and release, whenever they changed.",
  {
    workloads: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        group: Schema.Literals(["data-plane", "envoy-gateway", "hook", "release"]),
        ready: Schema.Int,
        desired: Schema.Int,
        /** Pods of the new template, ready or not. */
        updated: Schema.Int,
        draining: Schema.Int,
        lastEvent: Schema.optionalKey(Schema.String),
        waitingFor: Schema.optionalKey(Schema.String),
      }),
    ),
  },
);

export const FailureReport = record(
  "failure-report",
  "Where everything is that was seen of pods that failed.",
  { file: Schema.String },
);

export const RollbackStarted = record("rollback-started", "tare rolls back by itself.", {
  revision: Schema.Int,
  why: Schema.String,
});

export const DrainChecked = record(
  "drain-checked",
  "For how long streams may go on in a proxy that ends: in those that this upgrade starts, and in those that run.",
  {
    askedSeconds: Schema.Number,
    running: Schema.Array(
      Schema.Struct({
        workload: Schema.String,
        replicas: Schema.Int,
        drainSeconds: Schema.optionalKey(Schema.Number),
        graceSeconds: Schema.Number,
      }),
    ),
  },
);

export const StreamsProgress = record(
  "streams-progress",
  "The open streams of proxies that are on their way out, whenever they changed.",
  { draining: OpenStreams },
);

export const StreamsCounted = record("streams", "What became of the streams.", {
  counted: Schema.optionalKey(Schema.Struct(StreamTally)),
  notCounted: Schema.optionalKey(Schema.String),
});
