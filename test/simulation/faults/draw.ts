import type { Dice } from "../dice.ts";
import {
  CALL_TROUBLES,
  type Fault,
  HAPPENINGS,
  HELM_STEPS,
  QUOTAS_THAT_COME,
  REASONS,
  type When,
} from "./fault.ts";
import { PORTS } from "./ports.ts";

const SLOW_MILLIS = [500, 3_000, 9_000, 25_000];
const LASTS_MILLIS = [2_000, 10_000, 40_000, 120_000];

/** Early calls are few and decide much; of late ones (polls) there are many alike. */
const drawNth = (dice: Dice): number => 1 + dice.int(dice.pick([2, 5, 20, 60]));

const drawCall = (dice: Dice): Fault => {
  const port = dice.pick(PORTS);
  return {
    _tag: "Call",
    port: port.name,
    method: dice.pick(port.methods),
    nth: drawNth(dice),
    trouble: port.failure === undefined ? "slow" : dice.pick(CALL_TROUBLES),
    millis: dice.pick(SLOW_MILLIS),
    reason: dice.pick(REASONS),
  };
};

const drawRequest = (dice: Dice): Fault => ({
  _tag: "Request",
  actor: dice.mostly("helm", ["tare"]),
  verb: dice.pick(["get", "list", "apply", "create", "replace", "delete", "version"] as const),
  nth: drawNth(dice),
  times: dice.pick([1, 1, 3, 20]),
  trouble: dice.pick(CALL_TROUBLES),
  millis: dice.pick(SLOW_MILLIS),
  reason: dice.pick(REASONS),
});

const drawWhen = (dice: Dice): When =>
  dice.chance(0.6)
    ? {
        _tag: "AtCall",
        nth: 1 + dice.int(dice.pick([30, 80, 200])),
        side: dice.pick(["before", "after"] as const),
      }
    : { _tag: "At", millis: dice.int(dice.pick([2_000, 20_000, 90_000, 400_000])) };

const drawHappening = (dice: Dice): Fault => ({
  _tag: "Happening",
  what: dice.pick(HAPPENINGS),
  when: drawWhen(dice),
  millis: dice.pick(LASTS_MILLIS),
});

const drawStep = (dice: Dice): Fault => ({
  _tag: "HelmStep",
  step: dice.pick(HELM_STEPS),
  times: dice.pick([1, 1, 9]),
});

const drawFault = (dice: Dice): Fault => {
  const kind = dice.int(10);
  if (kind < 4) return drawCall(dice);
  if (kind < 6) return drawRequest(dice);
  return kind < 9 ? drawHappening(dice) : drawStep(dice);
};

export const drawFaults = (dice: Dice): ReadonlyArray<Fault> =>
  Array.from({ length: dice.pick([0, 1, 1, 1, 2, 2, 3, 4]) }, () => drawFault(dice));

export const drawQuotas = (dice: Dice): ReadonlyArray<Fault> =>
  dice.chance(0.92)
    ? []
    : [
        {
          _tag: "Happening",
          what: dice.pick(QUOTAS_THAT_COME),
          when: drawWhen(dice),
          millis: dice.pick(LASTS_MILLIS),
        },
      ];

/** In words, for a trace. */
export const showFault = (fault: Fault): string => {
  switch (fault._tag) {
    case "Call":
      return `call ${fault.nth} of ${fault.port}.${fault.method} ${showTrouble(fault)}`;
    case "Request":
      return `${fault.actor}'s request ${fault.verb} number ${fault.nth}${fault.times > 1 ? ` and the ${fault.times - 1} after it` : ""} ${showTrouble(fault)}`;
    case "HelmStep":
      return `Helm's ${fault.step} fails (${fault.times} times)`;
    case "Happening":
      return `${fault.what} ${showWhen(fault.when)}, for ${fault.millis} ms where it lasts`;
  }
};

const showTrouble = ({
  trouble,
  millis,
  reason,
}: Pick<Extract<Fault, { _tag: "Call" }>, "trouble" | "millis" | "reason">): string => {
  switch (trouble) {
    case "fails":
      return `fails (${reason})`;
    case "answer-lost":
      return `is done, and its answer lost (${reason})`;
    case "slow":
      return `takes ${millis} ms longer`;
    case "hangs":
      return "hangs until it is given up";
  }
};

const showWhen = (when: When): string =>
  when._tag === "At" ? `at ${when.millis} ms` : `${when.side} call ${when.nth} of tare`;
