import { createHash } from "node:crypto";
import { Clock, Context, type Duration, Effect, Exit, Layer, Option, Ref } from "effect";
import { ConfigMap, type KubeObject, stringAt } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import {
  decodeRunRecord,
  encodeRunRecord,
  JOURNAL_COMPONENT_LABEL,
  JOURNAL_SCHEMA_VERSION,
  journalName,
  openStep,
  type RunRecord,
  type RunStep,
  withStep,
} from "../../domain/run/run-journal.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { ProcessTable } from "../processes/ProcessTable.ts";
import { JournalFiles } from "./JournalFiles.ts";

/** No write of the journal holds a run up for longer; after one that did, the cluster is not asked again. */
const WRITE_BUDGET: Duration.Input = "3 seconds";

export interface OpenJournal {
  /** Noted before and after `work`, however it ends. */
  readonly around: (
    step: RunStep,
  ) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
  readonly begun: (step: RunStep) => Effect.Effect<void>;
  readonly done: (step: RunStep) => Effect.Effect<void>;
  /** What is under way. */
  readonly current: Effect.Effect<RunStep | undefined>;
  /** The run has reported its own end: the next one need not. */
  readonly end: (outcome: string) => Effect.Effect<void>;
}

type RunFacts = Omit<RunRecord, "schemaVersion" | "process" | "steps" | "startedAt" | "ended">;

/** What a run writes down of itself, so that the next one can say how it died. It never fails a run. */
export class RunJournal extends Context.Service<
  RunJournal,
  {
    /** The run that wrote last, if that can be read. */
    readonly latest: (release: ReleaseRef) => Effect.Effect<RunRecord | undefined>;
    readonly open: (facts: RunFacts) => Effect.Effect<OpenJournal>;
  }
>()("tare/services/RunJournal") {
  /** A ConfigMap beside the release, and a file on this machine. */
  static readonly layer: Layer.Layer<RunJournal, never, JournalFiles | Kubectl | ProcessTable> =
    Layer.effect(
      RunJournal,
      Effect.gen(function* () {
        const [files, kubectl, processes] = yield* Effect.all([
          JournalFiles,
          Kubectl,
          ProcessTable,
        ]);

        const fileName = Effect.fnUntraced(function* ({ name, namespace }: ReleaseRef) {
          const target = yield* Effect.option(kubectl.target);
          const server = Option.match(target, { onNone: () => "", onSome: (one) => one.server });
          const cluster = createHash("sha256").update(server).digest("hex").slice(0, 12);
          return `${cluster}-${namespace}-${name}`;
        });

        const readCluster = (release: ReleaseRef) =>
          kubectl
            .get({ type: ConfigMap, name: journalName(release), namespace: release.namespace })
            .pipe(
              Effect.timeout(WRITE_BUDGET),
              Effect.option,
              Effect.map((found) =>
                Option.match(Option.flatten(found), {
                  onNone: () => undefined,
                  onSome: (object) => decodeRunRecord(stringAt(object, "data", "run.json")),
                }),
              ),
            );

        return RunJournal.of({
          latest: Effect.fn("RunJournal.latest")(function* (release) {
            const readLocal = Effect.flatMap(fileName(release), files.read);
            const [remote, local] = yield* Effect.all([readCluster(release), readLocal], {
              concurrency: "unbounded",
            });
            return latestOf(remote, decodeRunRecord(local));
          }),

          open: Effect.fn("RunJournal.open")(function* (facts) {
            const at = isoTime(yield* Clock.currentTimeMillis);
            const record = yield* Ref.make<RunRecord>({
              ...facts,
              schemaVersion: JOURNAL_SCHEMA_VERSION,
              process: processes.self,
              startedAt: at,
              steps: [],
            });
            const clusterAnswers = yield* Ref.make(true);
            const file = yield* fileName(facts.release);
            const write = Effect.gen(function* () {
              const current = yield* Ref.get(record);
              yield* files.write(file, encodeRunRecord(current));
              if (!(yield* Ref.get(clusterAnswers))) return;
              yield* kubectl
                .apply(ConfigMap, journalConfigMap(current), { fieldManager: "tare", force: true })
                .pipe(
                  Effect.timeout(WRITE_BUDGET),
                  Effect.catch(() => Ref.set(clusterAnswers, false)),
                );
            });
            const note = (step: RunStep, state: "begun" | "done") =>
              Effect.gen(function* () {
                const now = isoTime(yield* Clock.currentTimeMillis);
                yield* Ref.update(record, (before) => withStep(before, step, state, now));
                yield* write;
              });
            yield* write;
            return {
              current: Effect.map(Ref.get(record), openStep),
              begun: (step) => note(step, "begun"),
              done: (step) => note(step, "done"),
              around: (step) => (work) =>
                Effect.andThen(
                  note(step, "begun"),
                  // A defect is no reliable end: the run stays open, as after a death.
                  Effect.onExit(work, (exit) =>
                    Exit.hasDies(exit) ? Effect.void : note(step, "done"),
                  ),
                ),
              end: (outcome) =>
                Effect.gen(function* () {
                  const now = isoTime(yield* Clock.currentTimeMillis);
                  yield* Ref.update(record, (before) => ({
                    ...before,
                    ended: { at: now, outcome },
                  }));
                  // The last word is worth another try.
                  yield* Ref.set(clusterAnswers, true);
                  yield* write;
                }),
            };
          }),
        });
      }),
    );
}

const isoTime = (millis: number): string => new Date(millis).toISOString();

/** The same run in both places: the one that got further. Two runs: that of the cluster, which other machines write too. */
const latestOf = (
  remote: RunRecord | undefined,
  local: RunRecord | undefined,
): RunRecord | undefined => {
  if (remote === undefined || local === undefined) return remote ?? local;
  if (remote.runId !== local.runId) return remote;
  return local.ended !== undefined || local.steps.length > remote.steps.length ? local : remote;
};

const journalConfigMap = (record: RunRecord): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: journalName(record.release),
    namespace: record.release.namespace,
    labels: { ...JOURNAL_COMPONENT_LABEL, "tars.io/release": record.release.name },
  },
  data: { "run.json": encodeRunRecord(record) },
});
