/** The writes, and the wait until what they brought can be used. */
import { Effect, Option, Result, Schedule } from "effect";
import { largestFirst, recordedManifest } from "../../domain/crd-plan.ts";
import { crdView, resourceWord, servedVersions } from "../../domain/crd-view.ts";
import { CustomResourceDefinition, conditionOf, type KubeObject } from "../../domain/kube.ts";
import { CrdsIncomplete, RunSuperseded } from "../../errors.ts";
import { Kubectl } from "../../services/Kubectl.ts";
import type { LockLost } from "../../services/ReleaseLock.ts";
import { APPLY, CONCURRENCY, type Rehearsed } from "./rehearse.ts";

const ESTABLISHED_WITHIN = "60 seconds";
const POLL = Schedule.spaced("250 millis");

interface Failure {
  readonly crd: string;
  readonly reason: string;
}

const isEstablished = (crd: KubeObject): boolean =>
  conditionOf(crd, "Established")?.status === "True";

const notEstablished = (crd: string, last: KubeObject | undefined): Failure => {
  const names = last === undefined ? undefined : conditionOf(last, "NamesAccepted");
  const why = names?.status === "False" ? `: ${names.message}` : "";
  return { crd, reason: `was written but not Established within ${ESTABLISHED_WITHIN}${why}` };
};

const awaitEstablished = Effect.fnUntraced(function* ({ planned, live }: Rehearsed) {
  const crd = planned.manifest.name;
  if (live !== undefined && isEstablished(live)) return;
  const kubectl = yield* Kubectl;
  let last: KubeObject | undefined;
  yield* kubectl.get({ type: CustomResourceDefinition, name: crd }).pipe(
    Effect.tap((found) =>
      Effect.sync(() => {
        last = Option.getOrUndefined(found);
      }),
    ),
    Effect.repeat({
      schedule: POLL,
      until: (found) => Option.isSome(found) && isEstablished(found.value),
    }),
    Effect.mapError(({ detail }): Failure => ({ crd, reason: detail })),
    Effect.timeoutOrElse({
      duration: ESTABLISHED_WITHIN,
      orElse: () => Effect.suspend(() => Effect.fail(notEstablished(crd, last))),
    }),
  );
});

/** Established is what the CRD says of itself; Helm and the controllers ask discovery. */
const awaitDiscovery = Effect.fnUntraced(function* (established: ReadonlyArray<Rehearsed>) {
  const kubectl = yield* Kubectl;
  const wanted = established.flatMap(({ planned: { manifest } }) => {
    const view = crdView(manifest.object);
    return servedVersions(view).map((version) => ({
      crd: manifest.name,
      version,
      word: resourceWord(view, version),
    }));
  });
  if (wanted.length === 0) return [];
  let missing = wanted;
  const outcome = yield* kubectl.served.pipe(
    Effect.map((served) => {
      missing = wanted.filter(({ word }) => !served.has(word));
      return missing.length === 0;
    }),
    Effect.repeat({ schedule: POLL, until: (done) => done }),
    Effect.timeoutOption(ESTABLISHED_WITHIN),
    Effect.result,
  );
  if (Result.isFailure(outcome)) {
    return [{ crd: missing[0]?.crd ?? "", reason: outcome.failure.message }];
  }
  return Option.isSome(outcome.success)
    ? []
    : missing.map(({ crd, version }) => ({
        crd,
        reason: `was written but discovery does not name ${version} after ${ESTABLISHED_WITHIN}`,
      }));
});

const writeOne = Effect.fnUntraced(function* (
  { planned: { manifest }, generation }: Rehearsed,
  checkLocks: Effect.Effect<void, LockLost>,
) {
  const kubectl = yield* Kubectl;
  const failed = (detail: string): Failure => ({ crd: manifest.name, reason: detail });
  yield* Effect.mapError(checkLocks, ({ detail }) => failed(`the lock was lost: ${detail}`));
  yield* Effect.mapError(
    kubectl.apply(CustomResourceDefinition, recordedManifest(manifest, generation), APPLY),
    ({ detail }) => failed(detail),
  );
});

/** What keeps a run of ours from writing is asked before every single write. */
export const write = Effect.fnUntraced(function* (
  writes: ReadonlyArray<Rehearsed>,
  checkLocks: Effect.Effect<void, LockLost>,
  backup: string | undefined,
) {
  yield* Effect.mapError(checkLocks, ({ detail }) => new RunSuperseded({ detail }));
  const attempts = yield* Effect.forEach(
    largestFirst(writes, ({ planned }) => planned.manifest),
    (one) => Effect.result(Effect.as(writeOne(one, checkLocks), one)),
    { concurrency: CONCURRENCY },
  );
  const written = attempts.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []));
  const settled = yield* Effect.forEach(
    written,
    (one) => Effect.result(Effect.as(awaitEstablished(one), one)),
    { concurrency: "unbounded" },
  );
  const failures = [...attempts, ...settled].flatMap((one) =>
    Result.isFailure(one) ? [one.failure] : [],
  );
  const undiscovered = yield* awaitDiscovery(
    settled.flatMap((one) => (Result.isSuccess(one) ? [one.success] : [])),
  );
  const all = [...failures, ...undiscovered];
  if (all.length > 0) {
    return yield* new CrdsIncomplete({ failures: all, written: written.length, backup });
  }
});
