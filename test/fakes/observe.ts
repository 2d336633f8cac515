/** What a test wants to know about the world afterwards, in words that are easy to compare. */
import { Effect, Schema } from "effect";
import { INSTALL_EVENT_LABELS, InstallEvent } from "../../src/domain/events/install-event.ts";
import {
  ConfigMap,
  Deployment,
  fieldAt,
  type KubeObject,
  numberAt,
  Secret,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import { decodeGateRecords, gateRecordName } from "../../src/domain/release/gate-record.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import type { LoggedRequest } from "./cluster/FakeCluster.ts";
import { FakeCluster } from "./cluster/FakeCluster.ts";
import { matchesSelector } from "./cluster/selectors.ts";
import { ascending, recordOf } from "./helm/records.ts";

/** Helm's history, one `revision status description` a line. */
export const historyLines = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const secrets = yield* cluster.all(Secret);
  const configMaps = yield* cluster.all(ConfigMap);
  const isRecord = (object: KubeObject) => matchesSelector(object, "owner=helm");
  const records = [...secrets, ...configMaps].filter(isRecord);
  return ascending(records.map(recordOf)).map(
    ({ version, info }) => `${version} ${info.status} ${info.description}`,
  );
});

const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(InstallEvent));

/** The events waiting for the doctor, oldest first. */
export const outboxEvents = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const [[key, value] = ["", ""]] = Object.entries(INSTALL_EVENT_LABELS);
  const entries = (yield* cluster.all(ConfigMap)).filter((object) =>
    matchesSelector(object, `${key}=${value}`),
  );
  const events = yield* Effect.forEach(entries, (object) =>
    Effect.orDie(decodeEvent(stringAt(object, "data", "event.json"))),
  );
  return [...events].sort((a, b) =>
    (a.finished_at ?? a.started_at).localeCompare(b.finished_at ?? b.started_at),
  );
});

/** The verdict of the gate by revision. */
export const gateStates = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const record = yield* cluster.peek({
    type: ConfigMap,
    name: gateRecordName(DEFAULT_RELEASE),
    namespace: DEFAULT_RELEASE.namespace,
  });
  const data = (fieldAt(record, "data") ?? {}) as Record<string, string>;
  return Object.fromEntries(
    [...decodeGateRecords(data)].map(([revision, { state }]) => [revision, state]),
  );
});

const WRITES = new Set(["apply", "create", "replace", "patch", "delete"]);

/** What an actor really wrote, in order, e.g. `apply Secret tars-system/tars-identity`; its heartbeats and its journal are left out. */
export const writesOf = Effect.fnUntraced(function* (actor: string) {
  const cluster = yield* FakeCluster;
  return (yield* cluster.requests)
    .filter(
      (request: LoggedRequest) =>
        request.actor === actor &&
        WRITES.has(request.verb) &&
        !request.dryRun &&
        request.kind !== "Lease" &&
        !request.name.startsWith("tare-journal-"),
    )
    .map(({ label }) => label);
});

/** The data plane as it runs: image and `ready/desired`. */
export const dataPlane = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const found = yield* cluster.peek({
    type: Deployment,
    name: "egress",
    namespace: "tars-dataplane",
  });
  const image = stringAt(found, "spec", "template", "spec", "containers", 0, "image");
  const [ready, desired] = [
    numberAt(found, "status", "readyReplicas"),
    numberAt(found, "spec", "replicas"),
  ];
  return `${image} ${ready}/${desired}`;
});
