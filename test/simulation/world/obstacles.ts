/** What is in the way of an upgrade before it begins, and can be known by whoever looks. */
import { Effect } from "effect";
import {
  ConfigMap,
  CustomResourceDefinition,
  Namespace,
  Pod,
  ResourceQuota,
  type ResourceType,
  refOf,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import { recordName } from "../../fakes/helm/records.ts";
import { FakeCluster } from "../../fakes/index.ts";
import type { StartingWorld, Story } from "../story.ts";
import { SEEDED } from "./histories.ts";

export const OBSTACLES = [
  "none",
  /** Of objects: room for one record less than the upgrade and its rollback need. */
  "record-quota",
  /** Of what pods use: no room for one pod more, in either namespace. */
  "pod-quota",
  "damaged-record",
  "terminating-data-plane",
  "terminating-system",
  "terminating-crd",
] as const;
export type Obstacle = (typeof OBSTACLES)[number];

export const NAMESPACES = ["tars-system", "tars-dataplane"] as const;

export const quota = (namespace: string, hard: Readonly<Record<string, number>>) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "tenant", namespace },
  spec: {
    hard: Object.fromEntries(Object.entries(hard).map(([name, count]) => [name, String(count)])),
  },
});

const SINCE = "1970-01-01T00:00:00Z";

const terminatingNamespace = Effect.fnUntraced(function* (name: string) {
  const cluster = yield* FakeCluster;
  yield* cluster.seed(Namespace, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, deletionTimestamp: SINCE, finalizers: ["example.com/slow"] },
  });
});

/** With room for no more than `room`. */
const fullOf = Effect.fnUntraced(function* (
  type: ResourceType,
  namespace: (typeof NAMESPACES)[number],
  room = 0,
) {
  const cluster = yield* FakeCluster;
  const count = (yield* cluster.all(type, namespace)).length + room;
  yield* cluster.put(ResourceQuota, quota(namespace, { [`count/${type.plural}`]: count }));
});

/** Half of a write: the name that Helm's next record needs is taken. */
const damagedRecord = Effect.fnUntraced(function* ({ history, configMaps }: StartingWorld) {
  const cluster = yield* FakeCluster;
  const version = SEEDED[history].revisions.length + 1;
  const [type, kind] = configMaps === true ? [ConfigMap, "ConfigMap"] : [Secret, "Secret"];
  const { name, namespace } = DEFAULT_RELEASE;
  yield* cluster.seed(type, {
    apiVersion: "v1",
    kind,
    metadata: {
      name: recordName(DEFAULT_RELEASE, version),
      namespace,
      labels: { owner: "helm", name, status: "pending-upgrade", version: String(version) },
    },
    data: { release: "" },
  });
});

const terminatingCrd = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const [crd] = yield* cluster.all(CustomResourceDefinition);
  if (crd === undefined) return;
  yield* cluster.edit(refOf(CustomResourceDefinition, crd), (object) => ({
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: SINCE,
      finalizers: ["customresourcecleanup.apiextensions.k8s.io"],
    },
  }));
});

export const putInTheWay = Effect.fnUntraced(function* ({ world, options }: Story) {
  switch (world.inTheWay) {
    case "record-quota":
      return yield* fullOf(
        world.configMaps === true ? ConfigMap : Secret,
        "tars-system",
        options.atomic ? 1 : 0,
      );
    case "pod-quota":
      for (const namespace of NAMESPACES) yield* fullOf(Pod, namespace);
      return;
    case "damaged-record":
      return yield* damagedRecord(world);
    case "terminating-data-plane":
      return yield* terminatingNamespace("tars-dataplane");
    case "terminating-system":
      return yield* terminatingNamespace("tars-system");
    case "terminating-crd":
      return yield* Effect.orDie(terminatingCrd);
  }
});

export const takeQuotasAway = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  for (const one of yield* cluster.all(ResourceQuota)) {
    yield* cluster.purge(refOf(ResourceQuota, one));
  }
});

/** A full quota of pods leaves no room to go back where that takes other pods than those that run. */
export const hasNoWayBack = ({ inTheWay, edits = {}, others = {} }: StartingWorld): boolean =>
  inTheWay === "pod-quota" &&
  (Object.keys(edits).length > 0 || others["rewriting-since-today"] === true);

/** Helm keeps ten: the oldest goes before the next one comes. */
const HISTORY_KEPT = 10;

/** The code with which no run can begin there; nothing where one can. */
export const refusalOf = ({ inTheWay, history }: StartingWorld): number | undefined => {
  switch (inTheWay) {
    case undefined:
    case "none":
    case "pod-quota":
      return undefined;
    case "record-quota":
      return SEEDED[history].revisions.length >= HISTORY_KEPT ? undefined : 10;
    case "terminating-crd":
      return 14;
    default:
      return 10;
  }
};
