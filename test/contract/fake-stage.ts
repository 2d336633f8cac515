/** The stage of the fakes: a world of its own for each case. */
import { Duration, Effect, Layer } from "effect";
import { parseHelmVersion } from "../../src/domain/helm/version.ts";
import { ConfigMap, fieldAt } from "../../src/domain/kube/objects.ts";
import { FakeCluster } from "../fakes/cluster/FakeCluster.ts";
import {
  answerLost,
  type Fault,
  type Trouble as FaultTrouble,
  forbidden,
  serverError,
  unauthorized,
  unreachable,
} from "../fakes/cluster/faults.ts";
import { kubectlFor } from "../fakes/cluster/kubectl.ts";
import { FakeCharts } from "../fakes/FakeCharts.ts";
import { mirrored } from "../fakes/fixtures/others.ts";
import { FakeHelm } from "../fakes/helm/FakeHelm.ts";
import { hasDroppedObjectBug } from "../fakes/helm/personality.ts";
import { world } from "../fakes/world.ts";
import { fakeChart } from "./fake-chart.ts";
import { type HelmFault, Stage, type Trouble } from "./stage.ts";

const NAMESPACE = "contract";

const TROUBLES: Readonly<Record<Trouble, FaultTrouble>> = {
  forbidden,
  unauthorized,
  unavailable: serverError,
  cut: unreachable,
  "answer lost": answerLost,
};

/** Helm's requests of that kind, as the fake one makes them. */
const faultsOf = ({ on, kind, name, times, answer }: HelmFault): ReadonlyArray<Fault> => {
  const about = {
    actor: "helm",
    trouble: answer === "forbidden" ? forbidden : serverError,
    ...(kind === undefined ? {} : { kind }),
    ...(name === undefined ? {} : { name }),
    ...(times === undefined ? {} : { times }),
  };
  switch (on) {
    case "all":
      return [about];
    case "patch":
      return [
        { ...about, verb: "replace" },
        { ...about, verb: "apply" },
      ];
    case "update":
      return [{ ...about, verb: "replace" }];
    default:
      return [{ ...about, verb: on }];
  }
};

const stage = (helm: string) =>
  Layer.effect(
    Stage,
    Effect.gen(function* () {
      const [cluster, charts, fakeHelm] = [yield* FakeCluster, yield* FakeCharts, yield* FakeHelm];
      const version = parseHelmVersion(helm) ?? { major: 0, minor: 0, patch: 0, text: helm };
      const release = { name: "app", namespace: NAMESPACE };
      const server = { context: "contract", version: "v1.36.3" };
      // Every namespace has it, and it belongs to no release.
      yield* cluster.seed(
        ConfigMap,
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "kube-root-ca.crt", namespace: NAMESPACE },
          data: { "ca.crt": "" },
        },
        "kube-controller-manager",
      );
      let chartsMade = 0;
      return Stage.of({
        side: "fake",
        helmMajor: version.major === 3 ? 3 : 4,
        hasDroppedObjectBug: hasDroppedObjectBug(version),
        namespace: NAMESPACE,
        unique: "one",
        release,
        chart: (chart) => {
          const place = `/charts/${++chartsMade}`;
          return Effect.as(charts.put(place, fakeChart(chart)), place);
        },
        helmFault: (fault) =>
          Effect.map(Effect.forEach(faultsOf(fault), cluster.inject), (cures) =>
            Effect.all(cures, { discard: true }),
          ),
        troubled: (trouble) =>
          Effect.as(
            cluster.inject({ actor: "troubled", trouble: TROUBLES[trouble] }),
            kubectlFor(cluster, "troubled", server),
          ),
        killHelm: fakeHelm.kill,
        uninstall: (keepHistory) => Effect.orDie(fakeHelm.uninstall(release, { keepHistory })),
        admission: (message) =>
          cluster.admit((type, { metadata, data }) =>
            type.kind === "ConfigMap" &&
            metadata.namespace === NAMESPACE &&
            fieldAt(data, "forbidden") !== undefined
              ? `configmaps "${metadata.name}" is forbidden: ${message}`
              : undefined,
          ),
        mirroring: cluster.rewrite(mirrored),
        shortTimeout: Duration.seconds(30),
      });
    }),
  );

/** With a Helm of that version. */
export const layerFakeStage = (helm: string) =>
  stage(helm).pipe(Layer.provideMerge(world({ helm, revisions: [], crds: [] })));
