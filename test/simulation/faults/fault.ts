/** What can go wrong, as data. Counts begin at 1. */
import { Schema } from "effect";

export const CALL_TROUBLES = ["fails", "answer-lost", "slow", "hangs"] as const;
export const REASONS = [
  "Unreachable",
  "TimedOut",
  "ServerError",
  "Forbidden",
  "Unauthorized",
  "Conflict",
  "Rejected",
] as const;
export const HELM_STEPS = [
  "render",
  "pre-upgrade hook",
  "post-upgrade hook",
  "pre-rollback hook",
] as const;
export const HAPPENINGS = [
  /** SIGKILL to tare: nothing of it runs any more, a Helm that it started does. */
  "tare-killed",
  /** SIGINT to tare. */
  "interrupt",
  /** SIGKILL to whatever Helm process runs. */
  "helm-killed",
  /** The API server is away for everybody. */
  "outage",
  /** The Envoy Gateway controller notices nothing. */
  "envoy-gateway-asleep",
  /** An operator changes the live EnvoyProxy by hand. */
  "proxy-edited",
] as const;

/** What others do to the release's room meanwhile; after a while they take it back. */
export const QUOTAS_THAT_COME = [
  /** No new record of Helm's fits in. */
  "record-quota-comes",
  /** No new pod does. */
  "pod-quota-comes",
] as const;

const Count = Schema.Int.check(Schema.isGreaterThan(0));
const Millis = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** Before or after the effect of the nth call that tare makes of a service. */
const CallFault = Schema.Struct({
  _tag: Schema.tag("Call"),
  port: Schema.String,
  method: Schema.String,
  nth: Count,
  trouble: Schema.Literals(CALL_TROUBLES),
  /** Of a slow call. */
  millis: Millis,
  /** Of a failing call to the API server. */
  reason: Schema.Literals(REASONS),
});

/** A request that reaches the API server, of tare or of Helm. */
const RequestFault = Schema.Struct({
  _tag: Schema.tag("Request"),
  actor: Schema.Literals(["tare", "helm"]),
  verb: Schema.Literals(["get", "list", "apply", "create", "replace", "delete", "version"]),
  nth: Count,
  times: Count,
  trouble: Schema.Literals(CALL_TROUBLES),
  millis: Millis,
  reason: Schema.Literals(REASONS),
});

const HelmStepFault = Schema.Struct({
  _tag: Schema.tag("HelmStep"),
  step: Schema.Literals(HELM_STEPS),
  times: Count,
});

export const When = Schema.Union([
  Schema.Struct({ _tag: Schema.tag("At"), millis: Millis }),
  /** Between two steps: right before or after the effect of the nth call to any service. */
  Schema.Struct({
    _tag: Schema.tag("AtCall"),
    nth: Count,
    side: Schema.Literals(["before", "after"]),
  }),
]);
export type When = typeof When.Type;

const Happening = Schema.Struct({
  _tag: Schema.tag("Happening"),
  what: Schema.Literals([...HAPPENINGS, ...QUOTAS_THAT_COME]),
  when: When,
  /** How long it lasts, where it does. */
  millis: Millis,
});
export type Happening = typeof Happening.Type;

export const Fault = Schema.Union([CallFault, RequestFault, HelmStepFault, Happening]);
export type Fault = typeof Fault.Type;
export type CallFault = typeof CallFault.Type;
export type RequestFault = typeof RequestFault.Type;
