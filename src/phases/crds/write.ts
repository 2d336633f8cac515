/** The writes, and the wait until what they brought can be used. */
import { Effect, Option, Result, Schedule } from "effect";
import { largestFirst, recordedManifest } from "../../domain/crds/plan.ts";
import type { CrdWriteFailure } from "../../domain/crds/refusal.ts";
import { crdView, resourceWord, servedVersions } from "../../domain/crds/view.ts";
import {
  CustomResourceDefinition,
  conditionOf,
  type KubeObject,
} from "../../domain/kube/objects.ts";
import { CrdsIncomplete, RunSuperseded } from "../../errors.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import type { LockLost } from "../../services/lock/ReleaseLock.ts";
import { reportWritten } from "./changes.ts";
import { APPLY, CONCURRENCY, type Rehearsed } from "./rehearse.ts";

const SERVED_WITHIN = "60 seconds";
const POLL = Schedule.spaced("250 millis");

interface Failure {
  readonly crd: string;
  readonly reason: CrdWriteFailure;
}

interface FailedWrite extends Failure {
  /** The server was too busy to say yes or no. An apply can be sent again even if it was done. */
  readonly mayPass: boolean;
}

/** A server that rebuilds the API of two dozen CRDs can take longer for one than it allows itself. */
const AGAIN = { times: 3, schedule: Schedule.spaced("2 seconds") };

const isEstablished = (crd: KubeObject): boolean =>
  conditionOf(crd, "Established")?.status === "True";

/** What a CRD that is not served after all that time says of itself. */
const unservedBecause = Effect.fnUntraced(function* (
  crd: string,
  version: string,
): Effect.fn.Return<CrdWriteFailure, never, Kubectl> {
  const kubectl = yield* Kubectl;
  const found = yield* Effect.option(kubectl.get({ type: CustomResourceDefinition, name: crd }));
  const live = Option.getOrUndefined(Option.flatten(found));
  if (live !== undefined && isEstablished(live)) {
    return { _tag: "NotServed", version, after: SERVED_WITHIN };
  }
  const names = live === undefined ? undefined : conditionOf(live, "NamesAccepted");
  return {
    _tag: "NotEstablished",
    within: SERVED_WITHIN,
    names: names?.status === "False" ? names.message : undefined,
  };
});

/**
 * Helm and the controllers ask discovery, which names a CRD only once it is Established. Asking each CRD as well would
 * have a busy server encode megabytes of schemas.
 */
const awaitServed = Effect.fnUntraced(function* (written: ReadonlyArray<Rehearsed>) {
  const kubectl = yield* Kubectl;
  const wanted = written.flatMap(({ planned: { manifest } }) => {
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
    Effect.timeoutOption(SERVED_WITHIN),
    Effect.result,
  );
  if (Result.isFailure(outcome)) {
    const reason: CrdWriteFailure = { _tag: "Refused", detail: outcome.failure.message };
    return [{ crd: missing[0]?.crd ?? "", reason }];
  }
  if (Option.isSome(outcome.success)) return [];
  return yield* Effect.forEach(missing, ({ crd, version }) =>
    Effect.map(unservedBecause(crd, version), (reason): Failure => ({ crd, reason })),
  );
});

/** Once it is on its way it is seen through: a run that is stopped must know what it wrote. */
const writeOne = Effect.fnUntraced(function* (
  { planned: { manifest }, live, generation }: Rehearsed,
  checkLocks: Effect.Effect<void, LockLost>,
) {
  const kubectl = yield* Kubectl;
  const failed = (reason: CrdWriteFailure, mayPass: boolean): FailedWrite => ({
    crd: manifest.name,
    reason,
    mayPass,
  });
  yield* Effect.mapError(checkLocks, ({ detail }) => failed({ _tag: "LockLost", detail }, false));
  yield* Effect.mapError(
    kubectl.apply(CustomResourceDefinition, recordedManifest(manifest, generation), APPLY),
    ({ reason, detail }) =>
      failed({ _tag: "Refused", detail }, reason === "ServerError" || reason === "TimedOut"),
  );
  yield* reportWritten(manifest.name, live === undefined);
}, Effect.uninterruptible);

/** New kinds take the server a while to establish: it does so beside the other writes. Within each, the largest first. */
const newestKindsFirst = (writes: ReadonlyArray<Rehearsed>): ReadonlyArray<Rehearsed> => {
  const [created, updated] = [
    writes.filter(({ live }) => live === undefined),
    writes.filter(({ live }) => live !== undefined),
  ];
  return [created, updated].flatMap((some) =>
    largestFirst(some, ({ planned }) => planned.manifest),
  );
};

/** What keeps a run of ours from writing is asked before every single write. */
export const write = Effect.fnUntraced(function* (
  writes: ReadonlyArray<Rehearsed>,
  checkLocks: Effect.Effect<void, LockLost>,
  backup: string | undefined,
) {
  yield* Effect.mapError(checkLocks, ({ detail }) => new RunSuperseded({ detail }));
  const attempts = yield* Effect.forEach(
    newestKindsFirst(writes),
    (one) =>
      writeOne(one, checkLocks).pipe(
        Effect.retry({ ...AGAIN, while: ({ mayPass }) => mayPass }),
        Effect.as(one),
        Effect.result,
      ),
    { concurrency: CONCURRENCY },
  );
  const written = attempts.flatMap((one) => (Result.isSuccess(one) ? [one.success] : []));
  const failures = attempts.flatMap((one) => (Result.isFailure(one) ? [one.failure] : []));
  const all = [...failures, ...(yield* awaitServed(written))];
  if (all.length > 0) {
    return yield* new CrdsIncomplete({ failures: all, written: written.length, backup });
  }
});
