/**
 * Everything that one simulated upgrade depends on, as plain data: it can be written to a file, made smaller, and run
 * again. The lists are what can be drawn; the first entry of each is the plain case.
 */
import { Schema } from "effect";
import type { Json } from "../../src/domain/kube/json.ts";
import { Fault } from "./faults/fault.ts";
import { HISTORIES } from "./world/histories.ts";
import { OBSTACLES } from "./world/obstacles.ts";

export const HELMS = ["v3.21.4", "v4.2.1", "v3.14.0", "v4.0.1", "v4.1.0"] as const;
export const CRD_STATES = [
  "older",
  "identical",
  "partly-absent",
  "newer-bundle",
  "hand-edited",
  "stored-version-would-go",
  "scope-would-change",
] as const;
/** How pods of the new version behave: tags that the fake cluster understands. */
export const POD_TAGS = [
  "good",
  "slow-30",
  "slow-150",
  "slow-900",
  "never-ready",
  "crash-loop",
  "no-such-image",
] as const;
export const TIMEOUTS_SECONDS = [120, 60, 300, 600] as const;
export const DRAINS_SECONDS = [300, 30, 60] as const;
/** How long the streams through the data plane last; one is opened every few seconds. */
export const STREAMS_SECONDS = [20, 50, 250] as const;
export const SETTLES_SECONDS = [15, 0, 40] as const;

const JsonValue: Schema.Codec<Json> = Schema.Any;
const Values = Schema.Record(Schema.String, JsonValue);

/** What is there before the run. Values are keyed by their dotted path. */
export const StartingWorld = Schema.Struct({
  helm: Schema.Literals(HELMS),
  kubernetes: Schema.Literals(["v1.35.2", "v1.31.0"]),
  history: Schema.Literals(HISTORIES),
  values: Values,
  crds: Schema.Literals(CRD_STATES),
  metrics: Schema.Literals(["available", "absent", "unavailable"]),
  embeddedVersion: Schema.Literals(["1.2.0", "1.1.0"]),
  workloads: Schema.Literals(POD_TAGS),
  envoy: Schema.Literals(POD_TAGS),
  streamSeconds: Schema.Literals(STREAMS_SECONDS),
  /** A release that Helm 4 made: the server applies it, and knows who owns what. */
  byServer: Schema.optionalKey(Schema.Boolean),
  /** The controllers that Helm brings replace every listener of the proxies that run. */
  replacesListeners: Schema.optionalKey(Schema.Boolean),
  /** Helm's records were restored from a backup: they have other UIDs than those that were noted. */
  restored: Schema.optionalKey(Schema.Boolean),
  /** Helm keeps its records in ConfigMaps. */
  configMaps: Schema.optionalKey(Schema.Boolean),
  /** What was edited by hand on the cluster, by `Kind/name/path`. */
  edits: Schema.optionalKey(Values),
  /** What others have on the cluster, by name. */
  others: Schema.optionalKey(Schema.Record(Schema.String, Schema.Boolean)),
  /** Its pods, as those of the workloads and of Envoy. */
  rateLimiter: Schema.optionalKey(Schema.Literals(POD_TAGS)),
  /** What is in the way of an upgrade, and was before the run. */
  inTheWay: Schema.optionalKey(Schema.Literals(OBSTACLES)),
  /** What somebody left on the cluster to be read, by name. */
  hostile: Schema.optionalKey(Schema.Record(Schema.String, Schema.Boolean)),
  /** The pod of the new chart's first hook, likewise; left out, the chart has none. */
  hook: Schema.optionalKey(Schema.Literals(POD_TAGS)),
});
export type StartingWorld = typeof StartingWorld.Type;

export const StoryOptions = Schema.Struct({
  atomic: Schema.Boolean,
  allowDowntime: Schema.Boolean,
  ha: Schema.Boolean,
  skipPreflight: Schema.Boolean,
  strictValues: Schema.Boolean,
  timeoutSeconds: Schema.Literals(TIMEOUTS_SECONDS),
  drainSeconds: Schema.Literals(DRAINS_SECONDS),
  settleSeconds: Schema.Literals(SETTLES_SECONDS),
  dataplaneNamespace: Schema.Literals(["tars-dataplane", "elsewhere"]),
  /** By the flag's name. */
  flags: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Boolean])),
  /** Fields that the identity file has beyond the required ones. */
  identity: Schema.Record(Schema.String, Schema.String),
});
export type StoryOptions = typeof StoryOptions.Type;

export const Story = Schema.Struct({
  seed: Schema.Int,
  world: StartingWorld,
  options: StoryOptions,
  faults: Schema.Array(Fault),
  /** After a killed run: whether somebody tries again while Helm may still be at work. */
  impatient: Schema.Boolean,
});
export type Story = typeof Story.Type;

export const PLAIN_WORLD: StartingWorld = {
  helm: "v3.21.4",
  kubernetes: "v1.35.2",
  history: "first",
  values: { "global.imageRegistry": "gcr.io/acme/tars", "global.customer": "acme" },
  crds: "older",
  metrics: "available",
  embeddedVersion: "1.2.0",
  workloads: "good",
  envoy: "good",
  streamSeconds: 20,
  byServer: false,
  replacesListeners: false,
  restored: false,
  configMaps: false,
  edits: {},
  rateLimiter: "good",
  hook: "good",
  others: {},
  inTheWay: "none",
  hostile: {},
};

export const PLAIN_OPTIONS: StoryOptions = {
  atomic: true,
  allowDowntime: false,
  ha: true,
  skipPreflight: false,
  strictValues: false,
  timeoutSeconds: 120,
  drainSeconds: 300,
  settleSeconds: 15,
  dataplaneNamespace: "tars-dataplane",
  flags: {},
  identity: {},
};
