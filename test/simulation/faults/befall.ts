/** How the faults of a story befall one process of tare and the world around it. */
import { Effect } from "effect";
import type { KubectlErrorReason } from "../../../src/services/kube/Kubectl.ts";
import type { LoggedRequest } from "../../fakes/cluster/FakeCluster.ts";
import { hang, slow, type Trouble, unreachable } from "../../fakes/cluster/faults.ts";
import { NASTY } from "../../hostile/text.ts";
import type { Trace } from "../trace.ts";
import { showFault } from "./draw.ts";
import type { CallFault, Fault, Happening, RequestFault } from "./fault.ts";
import { type Around, PORTS, type PortCall } from "./ports.ts";

/** Every port gives up by itself, at the latest after this long. */
const GIVEN_UP_AFTER_MILLIS = 60_000;
/** Servers quote what they were sent. */
const DETAIL = `a fault of the simulation ${NASTY.join(" ")}`;

export interface Befallen {
  killed: boolean;
  /** Calls to services so far. */
  calls: number;
  /** Time that the faults took, not the run. */
  delayedMillis: number;
  /** The faults that struck. */
  readonly struck: Set<Fault>;
}

export const nothingYet = (): Befallen => ({
  killed: false,
  calls: 0,
  delayedMillis: 0,
  struck: new Set(),
});

const failureOf = ({ port, method }: PortCall, reason: KubectlErrorReason) =>
  Effect.fail(PORTS.find(({ name }) => name === port)?.failure?.(method, reason, DETAIL));

const underFault = (
  fault: CallFault,
  call: PortCall,
  state: Befallen,
): ((run: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>) => {
  const failure = failureOf(call, fault.reason);
  const later = (millis: number) =>
    Effect.suspend(() => {
      state.delayedMillis += millis;
      return Effect.sleep(millis);
    });
  return (run) => {
    switch (fault.trouble) {
      case "fails":
        return failure;
      case "answer-lost":
        return Effect.andThen(run, failure);
      case "slow":
        return Effect.andThen(
          later(fault.millis),
          Effect.suspend(() => (state.killed ? Effect.never : run)),
        );
      case "hangs":
        return Effect.andThen(later(GIVEN_UP_AFTER_MILLIS), failure);
    }
  };
};

export interface BefallOptions {
  readonly faults: ReadonlyArray<Fault>;
  readonly state: Befallen;
  readonly trace: Trace;
  readonly happen: (happening: Happening) => void;
}

/** Goes around every call of the process. What was killed neither begins nor ends anything any more. */
export const befallCalls = ({ faults, state, trace, happen }: BefallOptions): Around => {
  const counts = new Map<string, number>();
  const calls = faults.filter((fault) => fault._tag === "Call");
  const happenings = faults.filter((fault) => fault._tag === "Happening");

  const happenAt = (nth: number, side: "before" | "after") => {
    for (const one of happenings) {
      if (one.when._tag === "AtCall" && one.when.nth === nth && one.when.side === side) {
        state.struck.add(one);
        happen(one);
      }
    }
  };

  return (call, run) => {
    const key = `${call.port}.${call.method}`;
    return Effect.suspend(() => {
      if (state.killed) return Effect.never;
      state.calls += 1;
      const number = state.calls;
      const nth = (counts.get(key) ?? 0) + 1;
      counts.set(key, nth);
      happenAt(number, "before");
      if (state.killed) return Effect.never;
      const fault = calls.find(
        (one) => one.nth === nth && one.port === call.port && one.method === call.method,
      );
      if (fault !== undefined) {
        state.struck.add(fault);
        trace.add("fault", showFault(fault));
      }
      return Effect.onExit(fault === undefined ? run : underFault(fault, call, state)(run), () => {
        if (!state.killed) happenAt(number, "after");
        return state.killed ? Effect.never : Effect.void;
      });
    });
  };
};

const troubleOf = (fault: RequestFault, state: Befallen): Trouble => {
  switch (fault.trouble) {
    case "fails":
    case "answer-lost":
      return {
        _tag: "Fail",
        reason: fault.reason,
        detail: DETAIL,
        afterwards: fault.trouble === "answer-lost",
      };
    case "slow":
      state.delayedMillis += fault.millis;
      return slow(fault.millis);
    case "hangs":
      state.delayedMillis += GIVEN_UP_AFTER_MILLIS;
      return hang;
  }
};

/** Decides over each request to the API server. `away` tells whether it answers anybody. */
export const befallRequests = (
  { faults, state, trace }: Omit<BefallOptions, "happen">,
  away: (at: number) => boolean,
): ((request: LoggedRequest) => Trouble | undefined) => {
  const counts = new Map<string, number>();
  const requests = faults.filter((fault) => fault._tag === "Request");
  return ({ actor, verb, at }) => {
    const key = `${actor} ${verb}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    if (away(at)) return unreachable;
    const fault = requests.find(
      (one) =>
        one.actor === actor && one.verb === verb && nth >= one.nth && nth < one.nth + one.times,
    );
    if (fault === undefined) return undefined;
    state.struck.add(fault);
    trace.add("fault", showFault(fault));
    return troubleOf(fault, state);
  };
};
