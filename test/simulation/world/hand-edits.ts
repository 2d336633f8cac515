/** What people change on a release between upgrades: fields that the chart sets, and so Helm wants back. */
import { Effect } from "effect";
import type { Json, JsonObject } from "../../../src/domain/kube/json.ts";
import {
  ConfigMap,
  Deployment,
  EnvoyProxy,
  type ResourceType,
} from "../../../src/domain/kube/objects.ts";
import { FakeCluster, withField } from "../../fakes/index.ts";
import type { Dice } from "../dice.ts";
import type { Story } from "../story.ts";

const TYPES: ReadonlyArray<ResourceType> = [ConfigMap, Deployment, EnvoyProxy];
const HPA = "EnvoyProxy/tars-egress/spec.provider.kubernetes.envoyHpa";

const EDITS: ReadonlyArray<readonly [string, ReadonlyArray<Json>]> = [
  ["Deployment/envoy-gateway/spec.replicas", [1, 3, 5]],
  ["Deployment/ai-gateway/spec.replicas", [1, 4]],
  ["Deployment/envoy-gateway/metadata.labels", [{}, { team: "edge" }]],
  ["ConfigMap/tars-config/data.customer", ["somebody", ""]],
  [`${HPA}.minReplicas`, [3]],
  [`${HPA}.maxReplicas`, [5, 20]],
];

export const drawHandEdits = (dice: Dice): JsonObject => {
  if (dice.chance(0.6)) return {};
  const chosen = EDITS.filter(() => dice.chance(0.3));
  return Object.fromEntries(chosen.map(([key, values]) => [key, dice.pick(values)]));
};

/** As `kubectl edit` makes them; what is not there is not edited. */
export const makeHandEdits = Effect.fnUntraced(function* ({ world }: Story) {
  const cluster = yield* FakeCluster;
  for (const [key, value] of Object.entries(world.edits ?? {})) {
    const [kind = "", name = "", path = ""] = key.split("/");
    const type = TYPES.find((one) => one.kind === kind);
    if (type === undefined) continue;
    const ref = { type, name, namespace: "tars-system" };
    yield* Effect.ignore(cluster.edit(ref, withField(path, value)));
  }
});
