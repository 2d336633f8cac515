import { Effect, Option, Result, Schedule } from "effect";
import {
  type CrdCounts,
  type CrdManifest,
  confirmWithDryRun,
  countCrds,
  type LiveCrd,
  type PlannedCrd,
  planCrd,
  recordedManifest,
} from "../domain/crd-plan.ts";
import { CustomResourceDefinition, conditionOf, type KubeObject } from "../domain/kube.ts";
import { ClusterUnavailable, CrdBackupFailed, CrdsIncomplete, CrdsRefused } from "../errors.ts";
import type { Phase } from "../pipeline.ts";
import { CrdBackups } from "../services/CrdBackups.ts";
import { type ApplyOptions, Kubectl, type KubectlError } from "../services/Kubectl.ts";
import { type Reporter, report, warn } from "../services/Reporter.ts";

/** Helm or kubectl may own the fields from the first installation; ours they are from now on. */
const APPLY: ApplyOptions = { fieldManager: "tare", force: true };
/** The largest CRD is over a megabyte of JSON: more at once does not make the server faster. */
const CONCURRENCY = 8;
const ESTABLISHED_WITHIN = "60 seconds";

/** Metadata of every CRD on the cluster: what decides, without the megabytes of schemas. */
export const readCrds = Effect.gen(function* () {
  const kubectl = yield* Kubectl;
  return yield* kubectl.list({ type: CustomResourceDefinition, metadataOnly: true });
}).pipe(Effect.withSpan("tare.read.crds"));

export interface CrdsInput {
  readonly manifests: ReadonlyArray<CrdManifest>;
  readonly live: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>;
}

type Attempt<A> = Result.Result<A, { readonly crd: string; readonly reason: string }>;

const attempt = <A, R>(
  { manifest }: PlannedCrd,
  call: Effect.Effect<A, KubectlError, R>,
): Effect.Effect<Attempt<A>, never, R> =>
  Effect.result(Effect.mapError(call, ({ detail }) => ({ crd: manifest.name, reason: detail })));

const failuresOf = <A>(attempts: ReadonlyArray<Attempt<A>>) =>
  attempts.flatMap((one) => (Result.isFailure(one) ? [one.failure] : []));

const successesOf = <A>(attempts: ReadonlyArray<Attempt<A>>) =>
  attempts.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []));

interface Rehearsed {
  readonly planned: PlannedCrd;
  /** The generation that the real write will produce. */
  readonly generation: number;
}

/** Asks the server what each write would do; one refusal is enough to write nothing. */
const rehearse = Effect.fnUntraced(function* (plan: ReadonlyArray<PlannedCrd>) {
  const kubectl = yield* Kubectl;
  const rehearsals = yield* Effect.forEach(
    plan,
    (planned) =>
      planned.verdict._tag === "Skip"
        ? Effect.succeed<Attempt<Rehearsed>>(Result.succeed({ planned, generation: 0 }))
        : attempt(
            planned,
            kubectl
              .apply(CustomResourceDefinition, planned.manifest.object, { ...APPLY, dryRun: true })
              .pipe(
                Effect.map((result) => ({
                  planned: confirmWithDryRun(planned, result),
                  generation: result.metadata.generation ?? 1,
                })),
              ),
          ),
    { concurrency: CONCURRENCY },
  );
  const refusals = failuresOf(rehearsals);
  if (refusals.length > 0) return yield* new CrdsRefused({ refusals });
  return successesOf(rehearsals);
});

const backUp = Effect.fnUntraced(function* (updates: ReadonlyArray<Rehearsed>) {
  if (updates.length === 0) return undefined;
  const [kubectl, backups] = yield* Effect.all([Kubectl, CrdBackups]);
  const live = yield* Effect.forEach(
    updates,
    ({ planned }) => kubectl.get({ type: CustomResourceDefinition, name: planned.manifest.name }),
    { concurrency: CONCURRENCY },
  );
  const objects = live.flatMap((found) => (Option.isSome(found) ? [found.value] : []));
  const file = yield* backups.save(objects);
  yield* report({ _tag: "CrdsBackedUp", file, count: objects.length });
  return file;
});

const isEstablished = (crd: KubeObject): boolean =>
  conditionOf(crd, "Established")?.status === "True";

const awaitEstablished = Effect.fnUntraced(function* (written: KubeObject) {
  if (isEstablished(written)) return;
  const kubectl = yield* Kubectl;
  yield* kubectl.get({ type: CustomResourceDefinition, name: written.metadata.name }).pipe(
    Effect.repeat({
      schedule: Schedule.spaced("250 millis"),
      until: (found) => Option.isSome(found) && isEstablished(found.value),
    }),
    Effect.timeoutOption(ESTABLISHED_WITHIN),
    Effect.flatMap((outcome) =>
      Option.isSome(outcome)
        ? Effect.void
        : Effect.fail({
            crd: written.metadata.name,
            reason: `was written but not Established within ${ESTABLISHED_WITHIN}`,
          }),
    ),
    Effect.mapError((error) =>
      "crd" in error ? error : { crd: written.metadata.name, reason: error.detail },
    ),
  );
});

const write = Effect.fnUntraced(function* (
  writes: ReadonlyArray<Rehearsed>,
  backup: string | undefined,
) {
  const kubectl = yield* Kubectl;
  const attempts = yield* Effect.forEach(
    writes,
    ({ planned, generation }) =>
      attempt(
        planned,
        kubectl.apply(
          CustomResourceDefinition,
          recordedManifest(planned.manifest, generation),
          APPLY,
        ),
      ),
    { concurrency: CONCURRENCY },
  );
  const unestablished = yield* Effect.forEach(
    successesOf(attempts),
    (written) => Effect.result(awaitEstablished(written)),
    { concurrency: "unbounded" },
  );
  const failures = [...failuresOf(attempts), ...failuresOf(unestablished)];
  if (failures.length > 0) {
    const written = writes.length - failuresOf(attempts).length;
    return yield* new CrdsIncomplete({ failures, written, backup });
  }
});

const warnOfNewer = (plan: ReadonlyArray<PlannedCrd>): Effect.Effect<void, never, Reporter> =>
  Effect.forEach(
    plan,
    ({ manifest, verdict }) =>
      verdict._tag === "Skip" && verdict.reason === "newer"
        ? warn(
            `${manifest.name}: the cluster's bundle ${verdict.live} is newer than ${verdict.ours}; left as it is`,
          )
        : Effect.void,
    { discard: true },
  );

type CrdsError = ClusterUnavailable | CrdsRefused | CrdBackupFailed | CrdsIncomplete;

export const applyCrds: Phase<CrdsInput, CrdCounts, CrdsError, CrdBackups | Kubectl | Reporter> = {
  id: "apply-crds",
  title: "Apply / update CRDs",
  run: Effect.fnUntraced(function* ({ manifests, live: reading }) {
    const live = yield* Effect.mapError(
      reading,
      ({ message }) => new ClusterUnavailable({ doing: "read the CRDs", detail: message }),
    );
    const byName = new Map(live.map((crd) => [crd.metadata.name, crd]));
    const rehearsed = yield* rehearse(
      manifests.map((manifest) => planCrd(manifest, byName.get(manifest.name))),
    );
    const plan = rehearsed.map(({ planned }) => planned);
    yield* warnOfNewer(plan);
    const backup = yield* backUp(
      rehearsed.filter(({ planned }) => planned.verdict._tag === "Update"),
    ).pipe(Effect.mapError(({ message }) => new CrdBackupFailed({ detail: message })));
    yield* write(
      rehearsed.filter(({ planned }) => planned.verdict._tag !== "Skip"),
      backup,
    );
    const counts = countCrds(plan);
    yield* report({ _tag: "CrdsApplied", counts });
    return counts;
  }),
};
