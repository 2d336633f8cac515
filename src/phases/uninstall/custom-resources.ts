/** The release's custom resources go while its controllers still run, which tidy up after them. */
import { Duration, Effect } from "effect";
import { Deployment, numberAt } from "../../domain/kube/objects.ts";
import { isHelms } from "../../domain/release/unrecorded.ts";
import type { Found, Place } from "../../domain/uninstall/found.ts";
import type { UninstallOptions } from "../../domain/uninstall/options.ts";
import { ownCustomResources } from "../../domain/uninstall/plan.ts";
import { usersOf } from "../../domain/uninstall/users.ts";
import { deletionWaves } from "../../domain/uninstall/waves.ts";
import { UninstallRefused } from "../../errors.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";
import type { HeldLock } from "../../services/lock/ReleaseLock.ts";
import { report } from "../../services/report/Reporter.ts";
import { awaitGone, deleteAll, orFailed, patiently, present } from "./delete.ts";
import { readCustomResources, readTypes } from "./inventory.ts";

/** Controllers take seconds; what holds an object for longer is looked at after they have gone. */
const PATIENCE = Duration.minutes(1);

const controllersRun = Effect.fnUntraced(function* ({ release }: Place) {
  const kubectl = yield* Kubectl;
  const { namespace } = release;
  const deployments = yield* patiently(kubectl.list({ type: Deployment, namespace }));
  return deployments.some(
    (one) => isHelms(one, release) && (numberAt(one, "status", "availableReplicas") ?? 0) > 0,
  );
});

export interface Removed extends Place {
  /** Of everything that is waited for. */
  readonly timeout: Duration.Duration;
}

/** In waves, each gone before the next as far as nothing holds it. */
export const deleteOwn = Effect.fnUntraced(function* (
  found: ReadonlyArray<Found>,
  release: Removed,
  lock: HeldLock,
) {
  const runs = yield* controllersRun(release);
  const patience = runs ? Duration.min(PATIENCE, release.timeout) : Duration.zero;
  for (const wave of deletionWaves(ownCustomResources(found, release))) {
    const objects = yield* deleteAll(wave, lock);
    yield* report({ _tag: "ObjectsDeleted", what: "custom-resources", objects });
    yield* awaitGone(present(wave.map(({ ref }) => ref)), patience);
  }
});

export interface PhaseInput {
  readonly options: UninstallOptions;
  readonly lock: HeldLock;
}

export const deleteCustomResources = {
  id: "custom-resources",
  title: "Custom resources",
  run: Effect.fnUntraced(function* ({ options, lock }: PhaseInput) {
    const { release, force } = options;
    const known = orFailed(release);
    const found = yield* Effect.mapError(Effect.flatMap(readTypes, readCustomResources), known);
    // Somebody may have begun to use it since it was looked at.
    const users = usersOf(found, options);
    if (users.length > 0 && !force) {
      return yield* new UninstallRefused({ release, refusal: { _tag: "Used", users } });
    }
    yield* Effect.catchTag(deleteOwn(found, options, lock), "KubectlError", known);
  }),
};
