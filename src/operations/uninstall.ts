/** An uninstallation, start to end: six phases in the printed order. Whatever it is stopped in, the same command finishes it. */
import { Clock, Effect, Exit, flow, Redacted } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import { isPending, lastRevision } from "../domain/release/release.ts";
import { UNINSTALL } from "../domain/run/operation.ts";
import type { UninstallOptions } from "../domain/uninstall/options.ts";
import type { Remains } from "../domain/uninstall/outcome.ts";
import type { Inventory, UninstallPlan } from "../domain/uninstall/plan.ts";
import { storedSecrets } from "../domain/values/lost-values.ts";
import { HelmAtWork, type UninstallError } from "../errors.ts";
import { readPreflight } from "../phases/checks/preflight.ts";
import { lockCrds } from "../phases/crds/lock.ts";
import { unavailable } from "../phases/kube/unavailable.ts";
import type { ReleaseFacts } from "../phases/release/read-release.ts";
import { readRelease } from "../phases/release/read-release.ts";
import { deleteCustomResources } from "../phases/uninstall/custom-resources.ts";
import { deleteCrds } from "../phases/uninstall/delete-crds.ts";
import { deleteNamespaces } from "../phases/uninstall/delete-namespaces.ts";
import { releaseFinalizers } from "../phases/uninstall/finalizers.ts";
import { helmUninstall } from "../phases/uninstall/helm-uninstall.ts";
import { uninstallPreflight } from "../phases/uninstall/preflight.ts";
import { makePipeline, onDemand, prefetched, uncounted } from "../pipeline.ts";
import type { HeldLock } from "../services/lock/ReleaseLock.ts";
import { beginRun, openJournal, type UpgradeRun } from "./run/run.ts";
import { answerFurtherSignals } from "./run/second-signal.ts";
import { takeOwnership } from "./run/take-ownership.ts";
import { waitForHelm } from "./run/wait-for-helm.ts";
import { readAgain } from "./run/wait-for-others.ts";
import { forget } from "./uninstall/forget.ts";
import { recordFailure, recordSuccess, uninstalledRevision } from "./uninstall/record-outcome.ts";

/** The phases of an uninstallation, in the order in which they are printed and numbered. */
export const UNINSTALL_PHASES = [
  uninstallPreflight,
  deleteCustomResources,
  helmUninstall,
  deleteNamespaces,
  releaseFinalizers,
  deleteCrds,
] as const;

export type UninstallOutcome =
  /** There was nothing to uninstall. */
  | { readonly _tag: "Nothing"; readonly remains: Remains }
  /** `--dry-run`. */
  | { readonly _tag: "Planned"; readonly plan: UninstallPlan }
  | { readonly _tag: "Uninstalled"; readonly remains: Remains };

/** Nothing can be written in a namespace that is going, the lock neither: then that on the CRDs keeps others out. */
const hasPlaceForLock = (
  { release }: UninstallOptions,
  { namespaces }: Pick<Inventory, "namespaces">,
): boolean => {
  const own = namespaces.find(({ name }) => name === release.namespace);
  if (own === undefined) return false;
  return own.live === undefined
    ? own.objects.length > 0
    : own.live.metadata.deletionTimestamp === undefined;
};

/** Another run may have changed the release while the lock was waited for. What a Helm is at work on is left to it. */
const takeRelease = Effect.fnUntraced(
  function* ({ options }: UpgradeRun, hasLock: boolean, found: ReleaseFacts) {
    if (!hasLock) return { lock: yield* lockCrds, facts: found };
    const { lock, dead } = yield* takeOwnership(options);
    const facts = yield* readAgain(options);
    const last = lastRevision(facts.history);
    if (last !== undefined && isPending(last)) {
      yield* Effect.mapError(waitForHelm(options.release, last, dead, options.timeout), (error) =>
        error._tag === "OperationInProgress" ? error : unavailable("read the release")(error),
      );
    }
    // Whoever died over it had the release before: its journal tells what this run finishes.
    return { lock, facts: { ...facts, lastRun: dead ?? facts.lastRun } };
  },
  (work, { options: { release } }) =>
    Effect.catchTag(work, "OperationInProgress", ({ why }) =>
      Effect.fail(new HelmAtWork({ release, story: why })),
    ),
);

const remainsOf = (
  { namespaces, crds, users }: Pick<UninstallPlan, "namespaces" | "crds" | "users">,
  events: number,
): Remains => ({
  namespaces: namespaces.filter(({ verdict }) => verdict._tag === "Stays"),
  crds: crds.filter(({ verdict }) => verdict._tag === "Stays"),
  users,
  events,
});

const uninstalled = Effect.fn("tare.uninstall")(
  function* (options: UninstallOptions, identity: Identity) {
    const phase = yield* makePipeline(UNINSTALL_PHASES);
    const run = yield* beginRun(options, identity, UNINSTALL);
    const startedAt = yield* Clock.currentTimeMillis;
    const looking = Effect.gen(function* () {
      const reading = options.skipPreflight ? onDemand : prefetched;
      const facts = yield* reading(readPreflight);
      const release = yield* prefetched(readRelease(options.release));
      return yield* phase(uninstallPreflight, { options, identity, facts, release });
    });
    const { facts: found, inventory, plan, isNothing } = yield* Effect.interruptible(looking);
    if (isNothing) {
      const remains = remainsOf(plan, 0);
      return { _tag: "Nothing", remains } satisfies UninstallOutcome as UninstallOutcome;
    }
    if (options.dryRun) return { _tag: "Planned", plan } satisfies UninstallOutcome;

    const hasLock = hasPlaceForLock(options, inventory);
    const { lock, facts } = yield* phase.before(
      deleteCustomResources,
      Effect.interruptible(uncounted(takeRelease(run, hasLock, found))),
    );
    const revision = uninstalledRevision(facts);
    const version = revision?.version ?? "";
    const journal = yield* openJournal(run, {
      ...{ history: facts.history, base: revision?.base, fromVersion: version, toVersion: version },
    });
    yield* answerFurtherSignals(options.release, journal);
    const recording = { run, revision, startedAt };
    const secrets = [
      ...storedSecrets(facts.stored === undefined ? {} : Redacted.value(facts.stored)),
      identity.privateKey,
    ];

    const ofRelease = Effect.gen(function* () {
      yield* journal.around("custom-resources")(phase(deleteCustomResources, { options, lock }));
      yield* journal.around("helm-uninstall")(phase(helmUninstall, { options, lock, secrets }));
    }).pipe(
      Effect.onExit((exit) =>
        Exit.isSuccess(exit) ? Effect.void : recordFailure(recording, exit),
      ),
    );

    const ofCluster = Effect.fnUntraced(function* (crdsLock: HeldLock, waiting: number) {
      const mine = { options, lock: crdsLock };
      const namespaces = yield* journal.around("namespaces")(
        phase(deleteNamespaces, { ...mine, waiting }),
      );
      yield* journal.around("finalizers")(phase(releaseFinalizers, { ...mine, namespaces }));
      const { crds, elsewhere } = yield* journal.around("crds")(phase(deleteCrds, mine));
      return { elsewhere, remains: remainsOf({ namespaces, crds, users: plan.users }, waiting) };
    });

    const work = Effect.gen(function* () {
      yield* ofRelease;
      const waiting = hasLock ? yield* journal.around("event")(recordSuccess(recording, lock)) : 0;
      const crdsLock = hasLock ? yield* phase.before(deleteNamespaces, lockCrds) : lock;
      return yield* ofCluster(crdsLock, waiting);
    });
    const { elsewhere, remains } = yield* Effect.interruptible(work).pipe(
      Effect.onExit((exit) =>
        journal.end(Exit.isSuccess(exit) ? UNINSTALL.done : "UninstallFailed"),
      ),
    );
    yield* forget(options.release, elsewhere);
    return { _tag: "Uninstalled", remains } satisfies UninstallOutcome as UninstallOutcome;
  },
  flow(Effect.scoped, Effect.uninterruptible),
);

/** What an uninstallation asks of its surroundings. */
export type UninstallServices = Effect.Services<ReturnType<typeof uninstalled>>;

/**
 * Uninstalls the release, and what was made for it: its objects, its namespaces and CRDs where nobody else has a part in
 * them, and tare's own records. What is somebody else's is never deleted. Run again, it goes on where it was stopped.
 *
 * @example
 * ```ts
 * import { Effect } from "effect";
 * import { DEFAULT_UNINSTALL_OPTIONS, type Identity, uninstall } from "tare";
 *
 * export const uninstallOrSay = (identity: Identity) =>
 *   uninstall({ ...DEFAULT_UNINSTALL_OPTIONS, yes: true }, identity).pipe(
 *     Effect.map(({ _tag }) => _tag),
 *     Effect.catchTag("UninstallRefused", ({ why }) => Effect.succeed(why.join("; "))),
 *   );
 * ```
 */
export const uninstall: (
  options: UninstallOptions,
  identity: Identity,
) => Effect.Effect<UninstallOutcome, UninstallError, UninstallServices> = uninstalled;
