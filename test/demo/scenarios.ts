import { INSTALLED_VALUES, type Scenario, tarsChart, unreachable } from "../fakes/index.ts";

export interface Demo {
  readonly about: string;
  readonly scenario: Scenario;
  /** Flags of `tare upgrade`. */
  readonly flags: ReadonlyArray<string>;
}

export const DEMOS: Readonly<Record<string, Demo>> = {
  upgrade: {
    about: "an HA release 1.1.0 is upgraded to 1.2.0",
    scenario: {},
    flags: [],
  },
  "single-replica": {
    about: "the data plane has a single replica",
    scenario: { values: { ...INSTALLED_VALUES, ha: { enabled: false } } },
    flags: [],
  },
  "failing-rollout": {
    about: "the new data plane crashes, and tare rolls back",
    scenario: { chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) },
    flags: ["--timeout", "1m"],
  },
  unreachable: {
    about: "the API server does not answer",
    scenario: { faults: [{ trouble: unreachable }] },
    flags: [],
  },
};
