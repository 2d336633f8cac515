/**
 * The lines of `--output json`, one schema for each `type`. The published JSON Schema is generated from these.
 *
 * Fields and types may be added within a schema version; a field that changes its meaning or goes makes a new one.
 */
import { Schema } from "effect";
import { WARNING_CODES } from "../../domain/report/warning.ts";
import { DoctorTicked, HistoryRead } from "./records/history.ts";
import { ImageProgress, ImagesListed, ImagesLookedAt, ImagesSynced } from "./records/images.ts";
import {
  InstallationPrepared,
  NamespacePrepared,
  NothingToDo,
  ReadyForHelm,
  RemovalStarted,
  SecretWritten,
  ServeUrlRegistered,
} from "./records/install.ts";
import { FieldsTaken, Planned } from "./records/plan.ts";
import { ReleaseName, record, Texts } from "./records/record.ts";
import {
  DrainChecked,
  DrainLengthened,
  FailureReport,
  ProxiesHeld,
  ProxyLetGo,
  ProxyMoved,
  RollbackStarted,
  RolloutProgress,
  StreamsCounted,
  StreamsProgress,
  StreamTally,
} from "./records/rollout.ts";
import {
  EventsSent,
  FinalizersFound,
  HelmUninstallStarted,
  ObjectsDeleted,
  ReleaseGone,
  Uninstalled,
  UninstallPlanned,
} from "./records/uninstall.ts";

const Phase = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  index: Schema.Int,
  total: Schema.Int,
});
const HintRecord = Schema.Struct({ title: Schema.String, commands: Texts });

const PhaseStarted = record("phase-started", "A phase begins.", { phase: Phase });

const PhaseFinished = record("phase-finished", "A phase ended, one way or the other.", {
  phase: Phase,
  succeeded: Schema.Boolean,
  durationMillis: Schema.Number,
});

const RecoveryStarted = record(
  "recovery-started",
  "A release that Helm refuses to touch is brought back first (`--recover`).",
  { release: ReleaseName, revision: Schema.Int, status: Schema.String, to: Schema.Int },
);

const ReleaseRecovered = record("release-recovered", "It was rolled back and verified.", {
  release: ReleaseName,
  restored: Schema.Int,
  deployed: Schema.Int,
});

const RecoveryFinished = record(
  "recovery-finished",
  "The recovery ended, one way or the other; its time is not that of the phase around it.",
  { succeeded: Schema.Boolean, durationMillis: Schema.Int },
);

const PreflightSkipped = record("preflight-skipped", "--skip-preflight was given.", {});

const ReleaseFound = record("release-found", "The release that is to be upgraded.", {
  release: ReleaseName,
  revision: Schema.Int,
  server: Schema.String,
  context: Schema.optionalKey(Schema.String),
  fromVersion: Schema.String,
  toVersion: Schema.String,
});

const CarriedOver = record("carry-over", "Paths of the values that are carried forward.", {
  paths: Texts,
});

const ValuesLost = record(
  "values-lost",
  "User-supplied values that the upgraded release will not have; secrets are masked.",
  {
    values: Schema.Array(
      Schema.Struct({
        path: Schema.String,
        value: Schema.Json,
        keepWith: Schema.optionalKey(Schema.String),
      }),
    ),
  },
);

const HaChecked = record("ha-checked", "How many data-plane pods there are at the least.", {
  verdict: Schema.Literals(["highly-available", "single-replica", "unknown"]),
  minReplicas: Schema.optionalKey(Schema.Number),
  envoyProxy: Schema.optionalKey(Schema.String),
  why: Schema.optionalKey(Schema.String),
  allowDowntime: Schema.Boolean,
});

const ChartChosen = record("chart-chosen", "What the release is upgraded to.", {
  origin: Schema.String,
  embedded: Schema.Boolean,
  version: Schema.String,
});

const CrdsBackedUp = record("crds-backed-up", "Live CRDs were saved before the first write.", {
  files: Schema.Array(Schema.Struct({ file: Schema.String, crds: Texts })),
});

const CrdsApplied = record("crds-applied", "What became of the chart's CRDs.", {
  created: Schema.Int,
  updated: Schema.Int,
  skipped: Schema.Int,
});

const HelmStarted = record("helm-started", "`helm upgrade` begins.", {
  release: ReleaseName,
  chartVersion: Schema.String,
  timeout: Schema.String,
  atomic: Schema.Boolean,
  waits: Schema.Boolean,
});

const ToolProgress = record("tool", "helm, kubectl or crane is being fetched.", {
  tool: Schema.String,
  version: Schema.String,
  state: Schema.Literals(["downloading", "downloaded", "failed", "awaited", "installed"]),
  source: Schema.optionalKey(Schema.String),
  bytes: Schema.optionalKey(Schema.Number),
  owner: Schema.optionalKey(Schema.String),
  path: Schema.optionalKey(Schema.String),
  pinned: Schema.optionalKey(Schema.Boolean),
});

const WarningFields = {
  code: Schema.Literals(WARNING_CODES),
  message: Schema.String,
};

const Warned = record(
  "warning",
  "Something to know that does not stop the run: go by its code, the wording of the message may change.",
  WarningFields,
);

const ChartNotes = record(
  "chart-notes",
  "What the chart has to say of the new revision (its NOTES.txt), secrets masked.",
  { revision: Schema.Int, notes: Schema.String },
);

export const Summary = record("summary", "The last line of every run, however it ended.", {
  outcome: Schema.Literals(["succeeded", "unchanged", "changes", "failed", "interrupted"]),
  exitCode: Schema.Int,
  cliVersion: Schema.String,
  release: Schema.optionalKey(ReleaseName),
  fromVersion: Schema.optionalKey(Schema.String),
  toVersion: Schema.optionalKey(Schema.String),
  /** The one that runs in the end, where that is known. */
  revision: Schema.optionalKey(Schema.Int),
  failedRevision: Schema.optionalKey(Schema.Int),
  /** The one that a rollback went back to; it runs as `revision`. */
  restoredRevision: Schema.optionalKey(Schema.Int),
  durationMillis: Schema.Int,
  failureReport: Schema.optionalKey(Schema.String),
  streams: Schema.optionalKey(Schema.Struct(StreamTally)),
  error: Schema.optionalKey(
    Schema.Struct({ code: Schema.String, what: Schema.String, why: Texts }),
  ),
  warnings: Schema.Array(Schema.Struct(WarningFields)),
  hints: Schema.Array(HintRecord),
});
export type Summary = typeof Summary.Type;

export const OutputRecord = Schema.Union([
  PhaseStarted,
  PhaseFinished,
  RecoveryStarted,
  ReleaseRecovered,
  RecoveryFinished,
  PreflightSkipped,
  ReleaseFound,
  CarriedOver,
  ValuesLost,
  HaChecked,
  DrainChecked,
  ChartChosen,
  FieldsTaken,
  InstallationPrepared,
  NothingToDo,
  NamespacePrepared,
  SecretWritten,
  ServeUrlRegistered,
  ReadyForHelm,
  RemovalStarted,
  UninstallPlanned,
  ObjectsDeleted,
  ReleaseGone,
  HelmUninstallStarted,
  EventsSent,
  FinalizersFound,
  Uninstalled,
  CrdsBackedUp,
  CrdsApplied,
  HelmStarted,
  ProxiesHeld,
  DrainLengthened,
  ProxyMoved,
  ProxyLetGo,
  RolloutProgress,
  StreamsProgress,
  StreamsCounted,
  FailureReport,
  RollbackStarted,
  ToolProgress,
  ImagesListed,
  ImagesLookedAt,
  ImageProgress,
  ImagesSynced,
  DoctorTicked,
  HistoryRead,
  ChartNotes,
  Warned,
  Planned,
  Summary,
]);
export type OutputRecord = typeof OutputRecord.Type;

/** The JSON Schema (2020-12) of one line. */
export const outputJsonSchema = (): unknown => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(OutputRecord);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "One line of tare --output json",
    ...schema,
    $defs: definitions,
  };
};
