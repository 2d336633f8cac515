import { Effect, Option, Result } from "effect";
import { proxyTemplate, sameTemplate, soleProxyTemplate } from "../../domain/data-plane.ts";
import { EnvoyProxy, type KubeObject, refOf, showRef } from "../../domain/kube.ts";
import { redactText } from "../../domain/redaction.ts";
import {
  deployedRevision,
  lastRevision,
  type ReleaseRef,
  rollbackTarget,
} from "../../domain/release.ts";
import { RollbackFailed, UpgradeRolledBack } from "../../errors.ts";
import { Helm } from "../../services/Helm.ts";
import { Kubectl } from "../../services/Kubectl.ts";
import { report, warn } from "../../services/Reporter.ts";
import {
  type AttemptFailure,
  awaitDataPlane,
  describeFailure,
  type Restoration,
  readHistory,
  untilAnswered,
} from "./attempt.ts";

/**
 * Helm patches custom resources from one stored manifest to the next and never looks at the live ones: a rollback that
 * follows a broken rollback changes nothing, nor does an upgrade back to what is deployed after an attempt that failed.
 * What did not come is applied as Helm would have applied it.
 */
export const restoreProxies = Effect.fnUntraced(function* (
  release: ReleaseRef,
  proxies: ReadonlyArray<KubeObject>,
) {
  const kubectl = yield* Kubectl;
  for (const proxy of proxies) {
    const namespace = proxy.metadata.namespace ?? release.namespace;
    const wanted = { ...proxy, metadata: { ...proxy.metadata, namespace } };
    const ref = refOf(EnvoyProxy, wanted);
    const live = yield* kubectl.get(ref);
    const restored = Option.exists(live, (object) =>
      sameTemplate(proxyTemplate(object), proxyTemplate(wanted)),
    );
    if (restored) continue;
    yield* warn(`Helm left ${showRef(ref)} as it was; restoring it`);
    yield* kubectl.apply(EnvoyProxy, wanted, { fieldManager: "helm", force: true });
  }
});

/** A rollback counts only when the data plane runs again: Helm's word covers its own objects at best. */
export const confirmRestored = Effect.fnUntraced(function* (
  attempt: Restoration,
  failure: AttemptFailure,
  restored: number,
) {
  const failed = (rollbackCause: string) =>
    new RollbackFailed({ ...describeFailure(attempt, failure), rollbackCause, lastGood: restored });
  const helm = yield* Helm;
  const history = yield* Effect.mapError(
    untilAnswered(readHistory(attempt.installed.release)),
    ({ message }) => failed(`the release could not be read afterwards: ${message}`),
  );
  const [last, deployed] = [lastRevision(history), deployedRevision(history)];
  if (
    last === undefined ||
    deployed?.revision !== last.revision ||
    rollbackTarget(last) !== restored
  ) {
    return yield* failed(
      `revision ${last?.revision} is ${last?.status}, not a rollback to ${restored}`,
    );
  }
  // Not what the live EnvoyProxy asks for: a rollback that did not reach it must not pass for one that did.
  const manifest = yield* Effect.mapError(
    untilAnswered(helm.manifest(attempt.installed.release, restored)),
    ({ message }) => failed(`what was to be restored could not be read: ${message}`),
  );
  const proxies = manifest.filter(({ kind }) => kind === EnvoyProxy.kind);
  yield* Effect.mapError(restoreProxies(attempt.installed.release, proxies), ({ message }) =>
    failed(`the EnvoyProxy could not be restored: ${message}`),
  );
  const template = soleProxyTemplate(proxies);
  const dataPlane = yield* awaitDataPlane(attempt, attempt.options.timeout, template);
  if (dataPlane._tag === "NotSettled") {
    return yield* failed(`the data plane did not come back: ${dataPlane.why}`);
  }
  return yield* new UpgradeRolledBack({
    ...describeFailure(attempt, failure),
    restoredRevision: restored,
    deployedRevision: deployed.revision,
  });
});

/** Brings the release back to the last good revision, by number, with a budget of its own. */
export const rollBack = Effect.fnUntraced(function* (
  attempt: Restoration,
  failure: AttemptFailure,
) {
  const { release, lastGood } = attempt.installed;
  const helm = yield* Helm;
  if (lastGood === undefined) {
    return yield* new RollbackFailed({
      ...describeFailure(attempt, failure),
      rollbackCause: "no earlier revision is known to be good",
      lastGood: undefined,
    });
  }
  yield* Effect.mapError(
    attempt.lock.check,
    ({ detail }) =>
      new RollbackFailed({
        ...describeFailure(attempt, failure),
        rollbackCause: detail,
        lastGood: lastGood.revision,
      }),
  );
  yield* report({ _tag: "RollbackStarted", revision: lastGood.revision, why: failure.cause });
  const exit = yield* Effect.result(
    helm.rollback({
      release,
      revision: lastGood.revision,
      timeout: attempt.options.timeout,
    }),
  );
  if (Result.isFailure(exit) || exit.success.code !== 0) {
    const text = Result.isFailure(exit) ? exit.failure.text : exit.success.errorText;
    return yield* new RollbackFailed({
      ...describeFailure(attempt, failure),
      rollbackCause: redactText(text, attempt.installed.secrets),
      lastGood: lastGood.revision,
    });
  }
  return yield* confirmRestored(attempt, failure, lastGood.revision);
});
