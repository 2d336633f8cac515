import { Clock, Data, Duration, Effect, Option, Result, type Scope } from "effect";
import { atFloors, scaleFloors } from "../../domain/fields/kept-scale.ts";
import { saysThatItExists } from "../../domain/helm/outcome.ts";
import type { RestoreFailure } from "../../domain/helm/restore-failure.ts";
import { type KubeObject, refOf, showRef } from "../../domain/kube/objects.ts";
import {
  deployedRevision,
  descriptionOf,
  lastRevision,
  type ReleaseRef,
  rollbackTarget,
} from "../../domain/release/release.ts";
import { restorableType } from "../../domain/release/restorable.ts";
import { hadAilingRelease } from "../../domain/rollout/baseline/prior-state.ts";
import { deviation } from "../../domain/rollout/deviation.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import { redactText } from "../../domain/text/redaction.ts";
import { Helm } from "../../services/helm/Helm.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import type { ReleaseRecords } from "../../services/release/ReleaseRecords.ts";
import { type Reporter, warn } from "../../services/report/Reporter.ts";
import type { Rollout, RolloutGate } from "../../services/rollout/RolloutGate.ts";
import { describeRestoreFailure } from "../../words/helm/restore-failure.ts";
import { placed, typesFrom } from "../checks/release/object-types.ts";
import { takeBack } from "../fields/take-back.ts";
import { awaitDataPlane, followRollout, staged } from "../rollout/rollout.ts";
import { isServerSide, keepLock, type Restoration, readHistory, untilAnswered } from "./attempt.ts";
import { damagedRecords } from "./damaged-records.ts";

/** A revision that could not be brought back, or not be proven to run. */
export class NotRestored extends Data.TaggedError("NotRestored")<{
  readonly why: RestoreFailure;
}> {}

const notRestored = (why: RestoreFailure): NotRestored => new NotRestored({ why });

/** In the words of Helm, or of what holds the lock. */
const said = (text: string): RestoreFailure => ({ _tag: "Said", text });

const AS_HELM = { fieldManager: "helm", force: true };

type RestoreNeeds = Helm | Kubectl | ReleaseRecords | Reporter | RolloutGate;

/**
 * Helm patches from one stored manifest to the next. A rollback that follows a broken one, one that raced with an upgrade
 * which was still writing, and an upgrade back to what is deployed after an attempt that failed: all of them can end well
 * and leave live objects as they were. What did not come is applied as Helm would have applied it.
 * @param scaled objects as they ran before: numbers of theirs that are higher than the manifest's stay
 * @returns the manifest as the server has it, which may rewrite objects: what others make of them is made of that
 */
export const repair = Effect.fnUntraced(function* (
  release: ReleaseRef,
  manifest: ReadonlyArray<KubeObject>,
  scaled: ReadonlyArray<KubeObject> = [],
) {
  const kubectl = yield* Kubectl;
  const floors = scaleFloors(scaled, manifest);
  const kept: Array<KubeObject> = [];
  for (const object of manifest) {
    const type = restorableType(object);
    if (type === undefined) {
      kept.push(object);
      continue;
    }
    const namespace = object.metadata.namespace ?? release.namespace;
    const wanted = atFloors(
      type.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object,
      floors,
    );
    const ref = refOf(type, wanted);
    const live = Option.getOrUndefined(yield* untilAnswered(kubectl.get(ref)));
    if (deviation(wanted, live) === undefined) {
      kept.push(object);
      continue;
    }
    // A policy may make something else of it, no matter which client applies it.
    const made = yield* Effect.option(kubectl.apply(type, wanted, { ...AS_HELM, dryRun: true }));
    const why = deviation(wanted, live, Option.getOrUndefined(made));
    if (why === undefined) {
      kept.push(live ?? wanted);
      continue;
    }
    yield* warn({ code: "object-restored", object: showRef(ref), why });
    kept.push(yield* untilAnswered(kubectl.apply(type, wanted, AS_HELM)));
  }
  return kept;
});

/** Why nothing more may be written; nothing while the lock is ours. */
const lostLock = (attempt: Restoration): Effect.Effect<string | undefined> =>
  Effect.match(keepLock(attempt), {
    onSuccess: () => undefined,
    onFailure: ({ detail }) => detail,
  });

/**
 * A rollback counts only when the data plane runs again: Helm's word covers its own objects at best. Checked are the
 * release's state, the live images against the restored manifest, and that the data plane settles.
 * @returns the number of the revision that the rollback made
 */
export const verifyRestored = Effect.fnUntraced(function* (attempt: Restoration, restored: number) {
  const { options, installed } = attempt;
  const { release } = installed;
  const helm = yield* Helm;
  const history = yield* Effect.mapError(
    untilAnswered(readHistory(release)),
    ({ message: detail }) => notRestored({ _tag: "ReleaseUnread", detail }),
  );
  const [last, deployed] = [lastRevision(history), deployedRevision(history)];
  if (
    last === undefined ||
    deployed?.revision !== last.revision ||
    rollbackTarget(last) !== restored
  ) {
    const { revision, status } = last ?? {};
    return yield* notRestored({ _tag: "OtherRevision", revision, status, wanted: restored });
  }
  const manifest = yield* Effect.mapError(
    untilAnswered(helm.manifest(release, restored)),
    ({ message: detail }) => notRestored({ _tag: "ManifestUnread", detail }),
  );
  const lost = yield* lostLock(attempt);
  if (lost !== undefined) return yield* notRestored(said(lost));
  const wanted = yield* Effect.mapError(
    repair(release, manifest, installed.scaled),
    ({ message: detail }) => notRestored({ _tag: "ObjectsLeft", detail }),
  );
  const dataPlane = yield* Effect.scoped(
    Effect.gen(function* () {
      const rollout: Rollout = yield* followRollout(attempt, { wanted, isUnderWay: true });
      return yield* awaitDataPlane(attempt, rollout, options.timeout, "rollback");
    }),
  );
  if (dataPlane._tag === "NotSettled") {
    return yield* notRestored({ _tag: "DataPlaneDown", why: dataPlane.why });
  }
  return deployed.revision;
});

const helmRollback = Effect.fnUntraced(function* (
  attempt: Restoration,
  revision: number,
): Effect.fn.Return<RestoreFailure | undefined, never, Helm | ReleaseRecords> {
  const { options, installed } = attempt;
  const lost = yield* lostLock(attempt);
  if (lost !== undefined) return said(lost);
  const helm = yield* Helm;
  const { release, secrets } = installed;
  // A rollback that fails for a conflict leaves the release broken: fields that others own are taken over.
  const takeOver = yield* isServerSide(release, [revision]);
  // It would wait in vain for what was not ready before; the gate waits for what was.
  const wait = !hadAilingRelease(attempt.prior);
  const ended = yield* Effect.result(
    helm.rollback({ release, revision, timeout: options.timeout, takeOver, wait }),
  );
  if (Result.isSuccess(ended) && ended.success.code === 0) return undefined;
  const text = Result.isFailure(ended) ? ended.failure.text : ended.success.errorText;
  const redacted = redactText(text, secrets);
  if (redacted === "") return { _tag: "HelmSignalled" };
  if (!saysThatItExists(redacted)) return said(redacted);
  const history = yield* Effect.orElseSucceed(untilAnswered(readHistory(release)), () => []);
  const records = yield* damagedRecords(release, history, revision);
  return records.length === 0
    ? said(redacted)
    : { _tag: "RecordsInTheWay", namespace: release.namespace, records };
});

/** Each attempt that gets so far leaves a revision behind, and Helm keeps few of them. */
const REVISIONS_AT_MOST = 4;
const FIRST_PAUSE = Duration.seconds(2);
const LONGEST_PAUSE = Duration.minutes(1);

/**
 * Helm rolls back from the manifest of its newest revision, and stumbles over objects which that lacks and the cluster
 * still has. The attempt leaves a revision with the wanted manifest behind, from which a second one can succeed. One that
 * wrote nothing had no answer, or one that settles nothing: it can be asked again as often as time allows.
 */
const isWorthAnother = Effect.fnUntraced(function* (
  release: ReleaseRef,
  revision: number,
  before: number | undefined,
) {
  const history = yield* Effect.orElseSucceed(untilAnswered(readHistory(release)), () => []);
  const last = lastRevision(history);
  if (last === undefined || history.every((one) => one.revision !== revision)) return false;
  if (before === undefined || last.revision - before >= REVISIONS_AT_MOST) return false;
  return (
    last.revision === before ||
    rollbackTarget(last) === revision ||
    /^(?:Rollback|Release) ".*" failed: /s.test(descriptionOf(last))
  );
});

/** What others set meanwhile can be in the way of the old objects as well. */
const takeBackTarget = Effect.fnUntraced(function* (release: ReleaseRef, revision: number) {
  const [helm, kubectl] = [yield* Helm, yield* Kubectl];
  const [manifest, served, isServers] = yield* Effect.all(
    [
      helm.manifest(release, revision),
      kubectl.resources,
      isServerSide(release, [revision]),
    ] as const,
    { concurrency: "unbounded" },
  );
  const typeOf = typesFrom(served);
  yield* takeBack(
    placed(manifest, typeOf, release.namespace).flatMap((object) => {
      const type = typeOf(object);
      const method = isServers ? "server" : "client";
      return type === undefined ? [] : [{ previous: object, next: object, type, method }];
    }),
  );
});

/** Asks Helm until it has rolled back, or its budget is over; nothing is left to fall back on. */
const persistentRollback = Effect.fnUntraced(function* (attempt: Restoration, revision: number) {
  const { release } = attempt.installed;
  const startedAt = yield* Clock.currentTimeMillis;
  const history = yield* Effect.orElseSucceed(untilAnswered(readHistory(release)), () => []);
  const before = lastRevision(history)?.revision;
  let pause = FIRST_PAUSE;
  let refused = yield* helmRollback(attempt, revision);
  while (refused !== undefined) {
    const took = (yield* Clock.currentTimeMillis) - startedAt;
    const late = Duration.toMillis(pause) + took >= Duration.toMillis(attempt.options.timeout);
    if (late || (yield* lostLock(attempt)) !== undefined) return refused;
    if (!(yield* isWorthAnother(release, revision, before))) return refused;
    yield* warn({ code: "rollback-retried", refused: describeRestoreFailure(refused) });
    yield* waitFor("rollback-again", pause);
    yield* Effect.ignore(takeBackTarget(release, revision));
    pause = Duration.min(Duration.times(pause, 2), LONGEST_PAUSE);
    refused = yield* helmRollback(attempt, revision);
  }
  return undefined;
});

/** Brings the release back to `revision`, by number, with a budget of its own, and verifies it. */
export const restoreRevision: (
  attempt: Restoration,
  revision: number,
) => Effect.Effect<number, NotRestored, Exclude<RestoreNeeds, Scope.Scope>> = Effect.fnUntraced(
  function* (attempt, revision) {
    const budget = Duration.times(attempt.options.timeout, 2);
    const failed = yield* Effect.scoped(
      Effect.andThen(
        followRollout(attempt, { isUnderWay: true }),
        staged("helm rollback", budget, persistentRollback(attempt, revision)),
      ),
    );
    if (failed !== undefined) return yield* notRestored(failed);
    return yield* verifyRestored(attempt, revision);
  },
);
