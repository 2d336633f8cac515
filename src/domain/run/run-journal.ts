import { Duration, Result, Schema } from "effect";
import { ProcessIdentity } from "../processes/process-identity.ts";
import type { ReleaseRef } from "../release/release.ts";
import { INSTALL, journaledOperation, phaseNumber, UNINSTALL } from "./operation.ts";

export const JOURNAL_COMPONENT_LABEL = { "tars.io/component": "upgrade-journal" } as const;
export const JOURNAL_SCHEMA_VERSION = 1;
/** The last steps tell where a run died; a run that waits for long must not fill the record. */
const STEPS_KEPT = 20;

/** In which the release itself is written, by the operation. */
const HELM_PHASES: ReadonlyArray<string> = ["helm-upgrade", "helm-install"];

/** The parts of a run that write, by the ids of the phases they belong to, one an operation. */
const RUN_STEPS = {
  recovery: ["discover", "configure"],
  namespaces: ["namespaces", "delete-namespaces"],
  crds: ["apply-crds", "delete-crds"],
  "custom-resources": ["custom-resources"],
  finalizers: ["finalizers"],
  upgrade: HELM_PHASES,
  "helm-upgrade": HELM_PHASES,
  gate: HELM_PHASES,
  drain: HELM_PHASES,
  "helm-rollback": HELM_PHASES,
  "helm-uninstall": [...HELM_PHASES, "helm-uninstall"],
  event: [...HELM_PHASES, "helm-uninstall"],
} as const;
export const RunStep = Schema.Literals(
  Object.keys(RUN_STEPS) as ReadonlyArray<keyof typeof RUN_STEPS>,
);
export type RunStep = typeof RunStep.Type;

const Step = Schema.Struct({
  step: RunStep,
  state: Schema.Literals(["begun", "done"]),
  /** RFC 3339, UTC, by the clock of the run's machine. */
  at: Schema.String,
});

/** What a run leaves behind for the next one, in case it cannot speak for itself any more. */
export const RunRecord = Schema.Struct({
  schemaVersion: Schema.Literal(JOURNAL_SCHEMA_VERSION),
  runId: Schema.String,
  /** See `WritingOperation.event`; older writers noted none, and were upgrades. */
  operation: Schema.optionalKey(Schema.String),
  process: ProcessIdentity,
  release: Schema.Struct({ name: Schema.String, namespace: Schema.String }),
  cliVersion: Schema.String,
  workspaceId: Schema.String,
  fromVersion: Schema.String,
  toVersion: Schema.String,
  /** What Helm was given with `--timeout`. */
  timeoutSeconds: Schema.Number,
  /** The newest revision when the run began. */
  baseRevision: Schema.Int,
  /** When Helm began that revision: a reinstalled release is another one. */
  baseUpdated: Schema.optionalKey(Schema.String),
  /** UID of its record, which is all that older writers noted. */
  baseUid: Schema.optionalKey(Schema.String),
  startedAt: Schema.String,
  steps: Schema.Array(Step),
  ended: Schema.optionalKey(Schema.Struct({ at: Schema.String, outcome: Schema.String })),
});
export type RunRecord = typeof RunRecord.Type;

/** The record is the cluster's word: a longer timeout is believed only when this run was given it. */
const LONGEST_BELIEVED = Duration.hours(1);

/** For how long the dead run's Helm was allowed to work; `own` is the timeout of the run that asks. */
export const believedTimeout = (
  { timeoutSeconds }: Pick<RunRecord, "timeoutSeconds">,
  own: Duration.Duration,
): Duration.Duration =>
  timeoutSeconds > 0
    ? Duration.min(Duration.seconds(timeoutSeconds), Duration.max(own, LONGEST_BELIEVED))
    : own;

export const journalName = ({ name }: ReleaseRef): string => `tare-journal-${name}`;

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(RunRecord));

/** A record that cannot be read proves nothing. */
export const decodeRunRecord = (text: string | undefined): RunRecord | undefined => {
  const decoded = decode(text);
  return Result.isSuccess(decoded) ? decoded.success : undefined;
};

export const encodeRunRecord = (record: RunRecord): string => JSON.stringify(record);

export const withStep = (
  record: RunRecord,
  step: RunStep,
  state: "begun" | "done",
  at: string,
): RunRecord => ({ ...record, steps: [...record.steps, { step, state, at }].slice(-STEPS_KEPT) });

/** The innermost step that was begun and never done. */
export const openStep = ({ steps }: RunRecord): RunStep | undefined =>
  steps.findLast(
    ({ step, state }, index) =>
      state === "begun" &&
      !steps.slice(index + 1).some((later) => later.step === step && later.state === "done"),
  )?.step;

export const hasDone = ({ steps }: RunRecord, step: RunStep): boolean =>
  steps.some((one) => one.step === step && one.state === "done");

/** An installation that was taking itself, or one that never worked, away, and did not live to say how that ended. */
export const diedRemoving = (run: RunRecord): boolean =>
  run.ended === undefined &&
  journaledOperation(run.operation) === INSTALL &&
  run.steps.some(({ step }) => step === "helm-uninstall");

/** It was to uninstall the release, and something of that may be done. */
export const isUnfinishedUninstall = (run: RunRecord | undefined): boolean =>
  run !== undefined && run.operation === UNINSTALL.event && run.ended?.outcome !== UNINSTALL.done;

/** Where a run was when it was heard of last. */
interface Whereabouts {
  readonly step: RunStep;
  /** From 1; `undefined` for a step of another operation's phase. */
  readonly phase: number | undefined;
}

/** Nothing before it wrote anything. */
export const whereabouts = (record: RunRecord): Whereabouts | undefined => {
  const step = openStep(record) ?? record.steps.at(-1)?.step;
  return step === undefined
    ? undefined
    : { step, phase: phaseNumber(journaledOperation(record.operation), RUN_STEPS[step]) };
};

/** RFC 3339: when it wrote last. */
export const lastWrote = ({ steps, startedAt }: RunRecord): string => steps.at(-1)?.at ?? startedAt;
