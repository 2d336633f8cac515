import { Namespace } from "../../src/domain/kube/objects.ts";
import { INSTALLED_VALUES, type Scenario, tarsChart, unreachable } from "../fakes/index.ts";

export interface Demo {
  readonly about: string;
  readonly scenario: Scenario;
  /** What follows `tare`; `upgrade` when left out. */
  readonly command?: string;
  /** Its flags. */
  readonly flags: ReadonlyArray<string>;
}

/** As `tare install` makes it. */
const ownNamespace = (name: string) =>
  [
    Namespace,
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, annotations: { "tars.io/made-for": "tars-system/tars" } },
    },
  ] as const;

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
  uninstall: {
    about: "a release is uninstalled, with what was made for it",
    scenario: { beside: ["tars-system", "tars-dataplane"].map(ownNamespace) },
    command: "uninstall",
    flags: ["--yes"],
  },
  unreachable: {
    about: "the API server does not answer",
    scenario: { faults: [{ trouble: unreachable }] },
    flags: [],
  },
};
