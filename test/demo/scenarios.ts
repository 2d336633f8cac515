import { Namespace } from "../../src/domain/kube/objects.ts";
import { INSTALLED_VALUES, type Scenario, tarsChart, unreachable } from "../fakes/index.ts";

export interface Demo {
  readonly about: string;
  readonly scenario: Scenario;
  /** What follows `tare`, a list for each command; one that fails is the last. */
  readonly commands: ReadonlyArray<ReadonlyArray<string>>;
}

const UPGRADE = ["upgrade", "identity.json"];
const SINGLE: Scenario = { values: { ...INSTALLED_VALUES, ha: { enabled: false } } };

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
    commands: [UPGRADE],
  },
  "single-replica": {
    about: "the data plane has a single replica",
    scenario: SINGLE,
    commands: [UPGRADE],
  },
  install: {
    about: "release 1.2.0 is installed on an empty cluster",
    scenario: { revisions: [], crds: [] },
    commands: [["install", "identity.json", "--image-registry", "gcr.io/acme/tars", "--yes"]],
  },
  "ha-migration": {
    about: "a release 1.1.0 with a single replica is made HA, in its version, and then upgraded",
    scenario: SINGLE,
    commands: [["install", "--ha", "identity.json", "--yes"], UPGRADE],
  },
  "failing-rollout": {
    about: "the new data plane crashes, and tare rolls back",
    scenario: { chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) },
    commands: [[...UPGRADE, "--timeout", "1m"]],
  },
  uninstall: {
    about: "a release is uninstalled, with what was made for it",
    scenario: { beside: ["tars-system", "tars-dataplane"].map(ownNamespace) },
    commands: [["uninstall", "identity.json", "--yes"]],
  },
  unreachable: {
    about: "the API server does not answer",
    scenario: { faults: [{ trouble: unreachable }] },
    commands: [UPGRADE],
  },
};
