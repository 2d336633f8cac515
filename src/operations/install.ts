/** The first installation, and every later `tare install`, start to end: five phases in the printed order. */
import { Cause, Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { InstallOptions } from "../domain/install/options.ts";
import { INSTALL } from "../domain/run/operation.ts";
import type { InstallError } from "../errors.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { applyCrds } from "../phases/crds/apply-crds.ts";
import type { UpgradeResult } from "../phases/helm/helm-upgrade.ts";
import { imageSync } from "../phases/images/sync.ts";
import { configure } from "../phases/install/configure.ts";
import { helmInstall } from "../phases/install/helm-install.ts";
import { prepare, prepareNamespace } from "../phases/install/prepare.ts";
import { registerServeUrl } from "../phases/install/register-serve-url.ts";
import { verifyPullSecret } from "../phases/install/verify-pull-secret.ts";
import { readBaseline } from "../phases/rollout/prior-state.ts";
import { makePipeline } from "../pipeline.ts";
import { report } from "../services/report/Reporter.ts";
import { checkInstall, checkInstalledObjects, ownsNamespace } from "./install/check-install.ts";
import { removeHusk } from "./install/remove-husk.ts";
import { asOwner } from "./run/as-owner.ts";
import { prefetch, prefetchCluster } from "./run/prefetch.ts";
import { recoverIfStuck } from "./run/recover.ts";
import { beginRun } from "./run/run.ts";
import { takeOwnership } from "./run/take-ownership.ts";

/** The phases of an installation, in the order in which they are printed and numbered. */
export const INSTALL_PHASES = [preflight, configure, prepare, applyCrds, helmInstall] as const;

/** With one before them where images are brought to a registry first. */
const phasesOf = ({ imageSync: wanted }: InstallOptions) =>
  wanted === undefined ? INSTALL_PHASES : ([imageSync, ...INSTALL_PHASES] as const);

/** The first phase of an installation that brings its images along, and no other; no cluster is asked anything. */
export const syncForInstall = Effect.fn("tare.install.sync")(function* (options: InstallOptions) {
  const phase = yield* makePipeline(phasesOf(options));
  if (options.imageSync === undefined) return undefined;
  return yield* Effect.interruptible(phase(imageSync, options.imageSync));
});

export type InstallOutcome =
  | { readonly _tag: "Unchanged"; readonly revision: number; readonly version: string }
  | ({ readonly _tag: "Installed" } & UpgradeResult);

/** After these something of the run stays, and needs what was prepared for it. */
const STAYS: ReadonlySet<string> = new Set([
  "InstallLeftInPlace",
  "RemovalFailed",
  "RollbackFailed",
  "UpgradeLeftInPlace",
]);

const stays = (cause: Cause.Cause<{ readonly _tag: string }>): boolean =>
  Cause.hasDies(cause) ||
  cause.reasons.some((reason) => reason._tag === "Fail" && STAYS.has(reason.error._tag));

const installed = Effect.fn("tare.install")(
  function* (options: InstallOptions, identity: Identity) {
    const phase = yield* makePipeline(phasesOf(options));
    if (options.imageSync !== undefined) {
      yield* Effect.interruptible(phase(imageSync, options.imageSync));
    }
    const reads = yield* prefetch(options);
    const run = yield* beginRun(options, identity, INSTALL);

    const beforeWriting = Effect.gen(function* () {
      yield* phase(preflight, { options, facts: reads.preflight });
      const found = yield* phase.before(
        configure,
        Effect.flatMap(recoverIfStuck(run, reads.release), (facts) => removeHusk(run, facts)),
      );
      const { facts, ownership } = found;
      const cluster = ownership === undefined ? reads : yield* prefetchCluster(options);
      const { chart } = reads;
      const liveCrds = cluster.crds;
      const configured = yield* phase(configure, { options, identity, facts, chart, liveCrds });
      return { configured, ownership, cluster };
    });
    const { configured, ownership, cluster } = yield* Effect.interruptible(beforeWriting);
    const { installed: target, pullSecret } = configured;
    const { release } = options;
    const isFirst = target.deployed === undefined;
    // The lock and the journal are kept in the namespace, so that it comes first.
    const owning = Effect.andThen(
      prepareNamespace({ name: release.namespace, madeFor: release, isFirst }),
      Effect.suspend(() =>
        ownership === undefined ? takeOwnership(options) : Effect.succeed(ownership),
      ),
    );
    // Before the first write: a plane that says no leaves nothing to take back.
    const register = Effect.interruptible(registerServeUrl(options, identity));
    const own = phase.before(prepare, Effect.andThen(register, Effect.interruptible(owning)));

    const { deployed } = target;
    if (configured.isUnchanged && deployed !== undefined) {
      const { revision } = deployed;
      const { version } = target.chart;
      if (configured.hasNewSecrets) {
        const { lock } = yield* own;
        yield* phase(prepare, {
          options,
          identity,
          pullSecret,
          ownsDataPlane: false,
          isFirst,
          lock,
        });
      } else {
        yield* register;
      }
      const after = configured.hasNewSecrets ? "secrets" : "nothing";
      yield* report({ _tag: "NothingToDo", release, revision, version, after });
      return { _tag: "Unchanged", revision, version } satisfies InstallOutcome as InstallOutcome;
    }

    const checking = Effect.gen(function* () {
      const checked = yield* checkInstall(options, target, cluster);
      return { ...checked, prior: yield* readBaseline(options, target) };
    });
    const { facts, rendered, prior } = yield* Effect.interruptible(checking);
    const ownsDataPlane = ownsNamespace(rendered, options.dataplaneNamespace);
    const owned = yield* own;

    return yield* asOwner(
      { run, installed: target, ownership: owned },
      Effect.fnUntraced(function* ({ lock, journal, streams }) {
        const { undo } = yield* journal.around("namespaces")(
          phase(prepare, { options, identity, pullSecret, ownsDataPlane, isFirst, lock }),
        );
        return yield* Effect.gen(function* () {
          const ha = yield* cluster.ha;
          const input = { options, identity, installed: target, facts, ha, liveCrds: cluster.crds };
          const objects = yield* checkInstalledObjects(input);
          const { crds: manifests } = target.chart;
          yield* journal.around("crds")(
            phase(applyCrds, { manifests, live: cluster.crds, release, lock }),
          );
          return objects;
        }).pipe(
          Effect.interruptible,
          Effect.flatMap((objects) =>
            journal.around("upgrade")(
              phase(helmInstall, {
                ...{ options, identity, installed: target, lock, streams, prior },
                rendered,
                takeBack: objects?.takeBack ?? [],
              }),
            ),
          ),
          Effect.tap(({ dataPlane }) =>
            dataPlane === "Settled" ? verifyPullSecret(options, target) : Effect.void,
          ),
          Effect.map((result) => ({ _tag: "Installed" as const, ...result })),
          Effect.onError((cause) => (stays(cause) ? Effect.void : undo)),
        );
      }),
    );
  },
  flow(Effect.scoped, Effect.uninterruptible),
);

/** What an installation asks of its surroundings. */
export type InstallServices = Effect.Services<ReturnType<typeof installed>>;

/**
 * Installs the release, or makes the values of this run those of one that is installed: all values that it has are kept, and
 * where nothing would change nothing is done. Fails with why it did not; of a first installation nothing is left then.
 *
 * @example
 * ```ts
 * import { Effect } from "effect";
 * import { DEFAULT_INSTALL_OPTIONS, type Identity, install } from "tare";
 *
 * export const installOrSay = (identity: Identity) =>
 *   install({ ...DEFAULT_INSTALL_OPTIONS, yes: true }, identity).pipe(
 *     Effect.map(({ _tag, revision }) => `${_tag}: revision ${revision}`),
 *     Effect.catchTag("InstallRemoved", ({ why }) => Effect.succeed(why.join("; "))),
 *   );
 * ```
 */
export const install: (
  options: InstallOptions,
  identity: Identity,
) => Effect.Effect<InstallOutcome, InstallError, InstallServices> = installed;
