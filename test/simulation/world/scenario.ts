import { Effect } from "effect";
import { ConfigMap, Secret } from "../../../src/domain/kube/objects.ts";
import { encodeGateRecords, gateRecordName } from "../../../src/domain/release/gate-record.ts";
import { note } from "../../../src/domain/release/revision-identity.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { recordOf } from "../../fakes/helm/records.ts";
import { FakeCluster, type Scenario } from "../../fakes/index.ts";
import type { StartingWorld, Story } from "../story.ts";
import { chartFor, GOOD, MENDED_CHART, type PodTags } from "./charts.ts";
import { SEEDED } from "./histories.ts";
import { besideOf } from "./others.ts";
import { nested } from "./values.ts";

const tagsOf = ({ workloads, envoy, rateLimiter, hook }: StartingWorld): PodTags => ({
  workloads,
  envoy,
  rateLimiter: rateLimiter ?? "good",
  ...(hook === undefined ? {} : { hook }),
});

export const scenarioOf = ({ world }: Story): Scenario => {
  const { revisions, running } = SEEDED[world.history];
  return {
    helm: world.helm,
    kubernetes: world.kubernetes,
    revisions,
    running,
    values: nested(world.values),
    ...(world.byServer === true ? { applyMethod: "ssa" } : {}),
    installed: chartFor("1.1.0", GOOD),
    chart: chartFor(world.embeddedVersion, tagsOf(world)),
    charts: { [MENDED_CHART]: chartFor(world.embeddedVersion, GOOD) },
    ...besideOf(world),
    metrics: world.metrics,
    ...(world.configMaps === true ? { helmDriver: "configmap" } : {}),
  };
};

/** After the seeded revisions were begun. */
const RECORDED_AT = "1969-12-31T00:00:00Z";

/** What earlier runs of tare recorded about the data plane. */
export const seedGates = Effect.fnUntraced(function* ({ seed, world }: Story) {
  const cluster = yield* FakeCluster;
  const gates = Object.entries(SEEDED[world.history].gates);
  const found = [...(yield* cluster.all(Secret)), ...(yield* cluster.all(ConfigMap))];
  const oldest = found.find(({ metadata }) => metadata.labels?.owner === "helm");
  if (gates.length === 0 || oldest?.metadata.uid === undefined) return;
  const baseUid = oldest.metadata.uid;
  const { version, info } = recordOf(oldest);
  const base = note({ revision: version, updated: info.last_deployed });
  const records = gates.map(
    ([revision, state]) =>
      [
        Number(revision),
        // Half of them as older writers left them.
        { state, baseUid, recordedAt: RECORDED_AT, ...(seed % 2 === 0 || !base ? {} : { base }) },
      ] as const,
  );
  yield* cluster.seed(ConfigMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: gateRecordName(DEFAULT_RELEASE), namespace: DEFAULT_RELEASE.namespace },
    data: encodeGateRecords(new Map(records)),
  });
});
