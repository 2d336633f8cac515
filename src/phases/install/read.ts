/** What decides whether, and how, something is installed. */
import { Effect } from "effect";
import { deletionOf } from "../../domain/checks/terminating.ts";
import type { LiveCrd } from "../../domain/crds/plan.ts";
import type { Going, InstallFacts } from "../../domain/install/state.ts";
import { Deployment, type KubeObject } from "../../domain/kube/objects.ts";
import { gitOpsKeeper } from "../../domain/release/unrecorded.ts";
import type { UpgradeOptions } from "../../domain/run/upgrade-options.ts";
import type { Chart } from "../../services/chart/ChartSource.ts";
import { Kubectl, type KubectlError } from "../../services/kube/Kubectl.ts";
import { readNamespaces } from "../checks/release-facts.ts";
import { unavailable } from "../kube/unavailable.ts";
import type { ReleaseFacts } from "../release/read-release.ts";
import { releasesElsewhere } from "../release/requirements.ts";
import { findUnrecorded } from "../release/unrecorded.ts";

const goingOf =
  (kind: Going["kind"]) =>
  (object: Pick<KubeObject, "metadata">): ReadonlyArray<Going> => {
    const deletion = deletionOf(object);
    return deletion === undefined ? [] : [{ kind, name: object.metadata.name, deletion }];
  };

/** Nothing of it is needed to install: a failed read does not stop the run. */
export const readKeeper = Effect.fnUntraced(function* ({ release }: UpgradeOptions) {
  const kubectl = yield* Kubectl;
  const { namespace } = release;
  const deployments = yield* Effect.orElseSucceed(
    kubectl.list({ type: Deployment, namespace }),
    (): ReadonlyArray<KubeObject> => [],
  );
  return gitOpsKeeper(deployments, release);
});

export const readInstall = Effect.fn("tare.read.install")(function* (
  options: UpgradeOptions,
  release: ReleaseFacts,
  chart: Chart,
  liveCrds: Effect.Effect<ReadonlyArray<LiveCrd>, KubectlError>,
) {
  const own = new Set(chart.crds.map(({ name }) => name));
  const { crds, ...known } = yield* Effect.all(
    {
      elsewhere: releasesElsewhere(options.release),
      unrecorded: findUnrecorded(options.release),
      keeper: readKeeper(options),
      namespaces: readNamespaces(options),
      crds: Effect.mapError(liveCrds, unavailable("read the CRDs")),
    },
    { concurrency: "unbounded" },
  );
  const { elsewhere, unrecorded, keeper, namespaces } = known;
  const facts: InstallFacts = {
    history: release.history,
    unproven: release.unproven,
    chart: { name: chart.name, version: chart.version },
    elsewhere,
    unrecorded,
    keeper,
    going: [
      ...namespaces.flatMap(goingOf("namespace")),
      ...crds
        .filter(({ metadata }) => own.has(metadata.name))
        .flatMap(goingOf("customresourcedefinition")),
    ],
  };
  return facts;
});
