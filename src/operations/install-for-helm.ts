/** What `tare install` does for a team that runs Helm itself: the values that Helm is to be given, or the CRDs. */
import { Effect, flow } from "effect";
import type { Identity } from "../domain/identity/identity.ts";
import type { InstallOptions } from "../domain/install/options.ts";
import { preflight } from "../phases/checks/preflight.ts";
import { applyCrds } from "../phases/crds/apply-crds.ts";
import { configure } from "../phases/install/configure.ts";
import { unavailable } from "../phases/kube/unavailable.ts";
import { requireRecordsInCluster } from "../phases/release/unrecorded.ts";
import { makePipeline } from "../pipeline.ts";
import { Helm } from "../services/helm/Helm.ts";
import { prefetch } from "./run/prefetch.ts";

/** The phases of a run that makes values, in the order in which they are printed and numbered. */
const INSTALL_VALUES_PHASES = [preflight, configure] as const;

/** Those of a run that writes CRDs and nothing else. */
const INSTALL_CRDS_PHASES = [preflight, configure, applyCrds] as const;

/** The state of the release decides as for an installation; nothing is asked, since nothing of it is begun. */
const configured = Effect.fnUntraced(function* (
  phase: Effect.Success<ReturnType<typeof makePipeline>>,
  { options, identity, writes }: { options: InstallOptions; identity: Identity; writes: boolean },
) {
  const reads = yield* prefetch(options);
  yield* phase(preflight, { options, facts: reads.preflight, writes });
  const facts = yield* phase.before(
    configure,
    Effect.andThen(
      requireRecordsInCluster,
      Effect.mapError(reads.release, unavailable("read the release")),
    ),
  );
  const input = { options, identity, facts, chart: reads.chart, liveCrds: reads.crds };
  const { installed, pullSecret } = yield* phase(configure, { ...input, isForHelm: true });
  const helm = yield* Helm;
  const version = yield* Effect.mapError(helm.version, unavailable("ask Helm for its version"));
  const { values, chart, deployed, secrets } = installed;
  return {
    ...{ version, values, chart, secrets, crds: reads.crds },
    isFirst: deployed === undefined,
    hasPullSecret: pullSecret !== undefined,
  };
});

/** What Helm is to be given. Nothing is written. */
export const installValuesForHelm = Effect.fn("tare.install-values")(
  function* (options: InstallOptions, identity: Identity) {
    const phase = yield* makePipeline(INSTALL_VALUES_PHASES);
    return yield* configured(phase, { options, identity, writes: false });
  },
  flow(Effect.scoped, Effect.interruptible),
);

/** Creates and updates the CRDs, and writes nothing else. */
export const installCrds = Effect.fn("tare.install-crds")(
  function* (options: InstallOptions, identity: Identity) {
    const phase = yield* makePipeline(INSTALL_CRDS_PHASES);
    const ready = yield* configured(phase, { options, identity, writes: true });
    const { release } = options;
    yield* phase(applyCrds, { manifests: ready.chart.crds, live: ready.crds, release });
    return ready;
  },
  flow(Effect.scoped, Effect.interruptible),
);
