/** Why a workload is not where it should be, as data; its words: `words/rollout/waiting-for.ts`. */
import { Schema } from "effect";

/** How a workload is not what it is asked to be. Values are JSON where they are no text, and absent where there are none. */
const Staleness = Schema.Union([
  Schema.Struct({
    _tag: Schema.Literal("Image"),
    found: Schema.UndefinedOr(Schema.String),
    asked: Schema.UndefinedOr(Schema.String),
  }),
  Schema.Struct({
    _tag: Schema.Literal("Field"),
    path: Schema.String,
    found: Schema.UndefinedOr(Schema.String),
    asked: Schema.UndefinedOr(Schema.String),
  }),
  /** The seconds that its pods are given to drain; the default where nothing is found. */
  Schema.Struct({
    _tag: Schema.Literal("DrainTime"),
    found: Schema.UndefinedOr(Schema.Number),
    asked: Schema.Number,
  }),
]);
export type Staleness = typeof Staleness.Type;

const counts = { count: Schema.Number, desired: Schema.Number };

export const WaitingFor = Schema.Union([
  /** Its controller has not looked at its newest specification. */
  Schema.Struct({ _tag: Schema.Literal("Unobserved") }),
  Schema.Struct({ _tag: Schema.Literal("ScaledToZero") }),
  Schema.Struct({
    _tag: Schema.Literal("PodsUpdated"),
    ...counts,
    /** Whether that template was current before the run. */
    isEarlier: Schema.Boolean,
  }),
  Schema.Struct({ _tag: Schema.Literal("OldPodsGone"), count: Schema.Number }),
  Schema.Struct({ _tag: Schema.Literal("PodsReady"), ...counts }),
  Schema.Struct({ _tag: Schema.Literal("PodsAvailable"), ...counts }),
  Schema.Struct({ _tag: Schema.Literal("PodsFinished"), ...counts }),
  Schema.Struct({
    _tag: Schema.Literal("Stale"),
    staleness: Staleness,
    /** The server's answer to a controller that tries to change it. */
    refusal: Schema.UndefinedOr(Schema.String),
  }),
  /** Envoy Gateway refuses what it is made from. */
  Schema.Struct({
    _tag: Schema.Literal("Refused"),
    kind: Schema.String,
    name: Schema.String,
    reason: Schema.String,
    message: Schema.String,
  }),
  /** For a Gateway that needs one. */
  Schema.Struct({ _tag: Schema.Literal("Deployment") }),
  Schema.Struct({ _tag: Schema.Literal("EnvoyGateway") }),
]);
export type WaitingFor = typeof WaitingFor.Type;
