/** `tare install --plan`, start to end: the installation's own first two phases, then what the rest would do. */
import { Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { InstallOptions } from "../domain/install/options.ts";
import type { UpgradePlan } from "../domain/plan/upgrade-plan.ts";
import type { InstallError } from "../errors.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { configure } from "../phases/install/configure.ts";
import { planInstall as planPhase } from "../phases/install/plan-install.ts";
import { planPreparation } from "../phases/install/plan-preparation.ts";
import { unavailable } from "../phases/kube/unavailable.ts";
import { requireRecordsInCluster } from "../phases/release/unrecorded.ts";
import { makePipeline } from "../pipeline.ts";
import { checkInstall, checkInstalledObjects, ownsNamespace } from "./install/check-install.ts";
import { type ClusterReads, prefetch } from "./run/prefetch.ts";

/** The phases of the plan of an installation, in the order in which they are printed and numbered. */
export const INSTALL_PLAN_PHASES = [preflight, configure, planPhase] as const;

type Configured = Effect.Success<ReturnType<typeof configure.run>>;

const checkHelmsPart = Effect.fnUntraced(function* (
  options: InstallOptions,
  identity: Identity,
  { installed }: Configured,
  cluster: ClusterReads,
) {
  const { facts, rendered } = yield* checkInstall(options, installed, cluster);
  const liveCrds = cluster.crds;
  const ha = yield* cluster.ha;
  const input = { options, identity, installed, facts, ha, liveCrds };
  const objects = yield* checkInstalledObjects(input);
  const ownsDataPlane = ownsNamespace(rendered, options.dataplaneNamespace);
  return { ownsDataPlane, checked: { facts, objects, liveCrds } };
});

const planned = Effect.fn("tare.plan-install")(
  function* (options: InstallOptions, identity: Identity) {
    const phase = yield* makePipeline(INSTALL_PLAN_PHASES);
    const reads = yield* prefetch(options);
    yield* phase(preflight, { options, facts: reads.preflight, writes: false });
    const facts = yield* phase.before(
      configure,
      Effect.andThen(
        requireRecordsInCluster,
        Effect.mapError(reads.release, unavailable("read the release")),
      ),
    );
    const configured = yield* phase(configure, {
      // Nothing is begun, so that nothing is to be confirmed.
      options: { ...options, yes: true },
      ...{ identity, facts, chart: reads.chart, liveCrds: reads.crds },
    });
    const { installed, pullSecret, isUnchanged } = configured;
    const looking = Effect.gen(function* () {
      const { ownsDataPlane, checked } = isUnchanged
        ? { ownsDataPlane: false, checked: undefined }
        : yield* checkHelmsPart(options, identity, configured, reads);
      const preparation =
        isUnchanged && !configured.hasNewSecrets
          ? { changes: [], limits: [] }
          : yield* planPreparation({
              options,
              pullSecret,
              ownsDataPlane,
              isFirst: installed.deployed === undefined,
            });
      return { checked, preparation, ha: yield* reads.ha };
    });
    const seen = yield* phase.before(planPhase, looking);
    return yield* phase(planPhase, { options, identity, installed, ...seen });
  },
  flow(Effect.scoped, Effect.interruptible),
);

/** What a plan of an installation asks of its surroundings. */
export type PlanInstallServices = Effect.Services<ReturnType<typeof planned>>;

/**
 * Reads, and has the server rehearse, what `install` would do with these options; it writes nothing. Fails with what would
 * stop the installation before its first write.
 *
 * @example
 * ```ts
 * import { Effect } from "effect";
 * import { DEFAULT_INSTALL_OPTIONS, type Identity, planInstall } from "tare";
 *
 * export const objectsToCome = (identity: Identity) =>
 *   planInstall(DEFAULT_INSTALL_OPTIONS, identity).pipe(
 *     Effect.map(({ objects }) => objects.filter(({ action }) => action === "create").length),
 *   );
 * ```
 */
export const planInstall: (
  options: InstallOptions,
  identity: Identity,
) => Effect.Effect<UpgradePlan, InstallError, PlanInstallServices> = planned;
