import { Clock, Effect, Layer, Option } from "effect";
import { storedChart } from "../../domain/chart/stored-chart.ts";
import type { StoredManifest } from "../../domain/crds/withdrawal.ts";
import type { RecordedRevision } from "../../domain/events/recorded-revision.ts";
import { otherRecordType, recordType } from "../../domain/helm/driver.ts";
import {
  ConfigMap,
  fieldAt,
  type KubeObject,
  type ResourceType,
  Secret,
} from "../../domain/kube/objects.ts";
import {
  decodeGateRecords,
  encodeGateRecords,
  GATE_COMPONENT_LABEL,
  type GateRecords,
  gateRecordName,
} from "../../domain/release/gate-record.ts";
import { type FlawedRecord, recordFlaw, revisionNamed } from "../../domain/release/record-flaw.ts";
import {
  everRan,
  type History,
  lastRevision,
  type ReleaseRef,
  releaseSecretName,
} from "../../domain/release/release.ts";
import { CurrentHelmDriver } from "../helm/CurrentHelmDriver.ts";
import { Kubectl } from "../kube/Kubectl.ts";
import { ReleaseRecords } from "./ReleaseRecords.ts";
import {
  decodeReleaseSecret,
  readReleaseRecord,
  recordedRevision,
  storedRelease,
  type ToldRevision,
  withRecordedStatus,
} from "./release-secret.ts";

const FIELD_MANAGER = "tare";

export const layerReleaseRecords: Layer.Layer<ReleaseRecords, never, Kubectl> = Layer.effect(
  ReleaseRecords,
  Effect.gen(function* () {
    const kubectl = yield* Kubectl;

    const gateRecords = Effect.fn("ReleaseRecords.gateRecords")(function* (release: ReleaseRef) {
      const found = yield* kubectl.get({
        type: ConfigMap,
        name: gateRecordName(release),
        namespace: release.namespace,
      });
      return decodeGateRecords(
        Option.match(found, {
          onNone: () => ({}),
          onSome: (configMap) => (fieldAt(configMap, "data") ?? {}) as Record<string, string>,
        }),
      );
    });

    const driver = yield* CurrentHelmDriver;

    const metadataOf = ({ name, namespace }: ReleaseRef, type: ResourceType) =>
      kubectl.list({
        type,
        namespace,
        labelSelector: `owner=helm,name=${name}`,
        metadataOnly: true,
      });

    /** Where the driver says; the doctor's pod does not know of the one that its operator has. */
    const found = Effect.fnUntraced(function* (release: ReleaseRef) {
      const type = recordType(yield* driver) ?? Secret;
      const records = yield* metadataOf(release, type);
      if (records.length > 0) return { type, records };
      const other = otherRecordType(type);
      const others = yield* Effect.orElseSucceed(metadataOf(release, other), () => []);
      return others.length > 0 ? { type: other, records: others } : { type, records };
    });

    const labelled = Effect.fn("ReleaseRecords.labels")(function* (release: ReleaseRef) {
      const { type, records } = yield* found(release);
      return records
        .flatMap(({ metadata: { name, uid, labels } }) => {
          const revision = Number(labels?.version);
          return Number.isInteger(revision) && uid !== undefined
            ? [{ type, name, revision, uid, status: labels?.status ?? "unknown" }]
            : [];
        })
        .sort((a, b) => a.revision - b.revision);
    });

    return ReleaseRecords.of({
      gateRecords,
      secretUids: (release) =>
        Effect.map(
          labelled(release),
          (records) => new Map(records.map(({ revision, uid }) => [revision, uid])),
        ),
      revisionLabels: labelled,
      revisions: Effect.fn("ReleaseRecords.revisions")(function* (release) {
        const revisions: Array<RecordedRevision> = [];
        let earlier: ToldRevision["secrets"] = [];
        for (const { type, name } of yield* labelled(release)) {
          const record = yield* kubectl.get({ type, name, namespace: release.namespace });
          const told = Option.match(record, {
            onNone: () => undefined,
            onSome: (secret) => recordedRevision(secret, earlier),
          });
          if (told === undefined) continue;
          revisions.push(told.revision);
          if (everRan(told.revision)) earlier = told.secrets;
        }
        return revisions;
      }),
      chart: Effect.fn("ReleaseRecords.chart")(function* (release, revision) {
        const { type } = yield* found(release);
        const name = releaseSecretName(release, revision);
        const record = yield* kubectl.get({ type, name, namespace: release.namespace });
        return Option.match(record, {
          onNone: () => undefined,
          onSome: (secret) => storedChart(decodeReleaseSecret(secret)),
        });
      }),
      flawed: Effect.fn("ReleaseRecords.flawed")(function* (release, history) {
        const driven = recordType(yield* driver) ?? Secret;
        const read = (names: ReadonlyArray<string>, type: ResourceType) =>
          Effect.forEach(
            names,
            (name) =>
              Effect.orElseSucceed(
                kubectl.get({ type, name, namespace: release.namespace }),
                Option.none<KubeObject>,
              ),
            { concurrency: "unbounded" },
          );
        const newest = lastRevision(history)?.revision ?? 0;
        // Without its labels a record is not listed, and its name is taken all the same.
        const next = [newest + 1, newest + 2].map((one) => releaseSecretName(release, one));
        const [{ type, records }, taken] = yield* Effect.all([found(release), read(next, driven)], {
          concurrency: "unbounded",
        });
        const suspects = records
          .filter((record) => !isAsTold(release, record, history))
          .map(({ metadata: { name } }) => name)
          .filter((name) => !next.includes(name));
        const suspected = [...taken, ...(yield* read(suspects, type))];
        return suspected.flatMap((record) =>
          Option.match(record, { onNone: () => [], onSome: flawIn(release) }),
        );
      }),
      storedManifests: Effect.fn("ReleaseRecords.storedManifests")(function* (namespace) {
        const secrets = yield* kubectl.list({
          type: recordType(yield* driver) ?? Secret,
          ...(namespace === undefined ? {} : { namespace }),
          labelSelector: "owner=helm,status=deployed",
        });
        return secrets.flatMap(storedManifest);
      }),
      supersede: Effect.fn("ReleaseRecords.supersede")(function* (release, revision) {
        const name = releaseSecretName(release, revision);
        const type = recordType(yield* driver) ?? Secret;
        const read = yield* kubectl.get({ type, name, namespace: release.namespace });
        const next = Option.map(read, (record) => withRecordedStatus(record, "superseded"));
        if (Option.isSome(next) && next.value !== undefined) {
          yield* kubectl.replace(type, next.value);
        }
      }),
      recordGate: Effect.fn("ReleaseRecords.recordGate")(
        function* (release, revision, record, keep) {
          const now = yield* Clock.currentTimeMillis;
          const known = yield* gateRecords(release);
          const kept = new Map(
            [...known].filter(([number]) => keep.has(number) && number !== revision),
          );
          if (record !== undefined) {
            kept.set(revision, { ...record, recordedAt: new Date(now).toISOString() });
          }
          yield* kubectl.apply(ConfigMap, gateConfigMap(release, kept), {
            fieldManager: FIELD_MANAGER,
            force: true,
          });
        },
      ),
    });
  }),
);

const isAsTold = (release: ReleaseRef, { metadata }: KubeObject, history: History): boolean =>
  history.some(
    ({ revision, status }) =>
      releaseSecretName(release, revision) === metadata.name &&
      metadata.labels?.version === String(revision) &&
      metadata.labels.status === status,
  );

const flawIn =
  (release: ReleaseRef) =>
  (record: KubeObject): ReadonlyArray<FlawedRecord> => {
    const { kind, metadata } = record;
    const { name, labels = {} } = metadata;
    const revision = revisionNamed(release, name);
    if (revision === undefined) return [];
    const flaw = recordFlaw(release, revision, labels, readReleaseRecord(record));
    return flaw === undefined ? [] : [{ kind, name, revision, flaw }];
  };

const storedManifest = (secret: KubeObject): ReadonlyArray<StoredManifest> => {
  const stored = storedRelease(secret);
  if (stored === undefined) return [];
  const { name, namespace, revision, manifest } = stored;
  return [{ release: { name, namespace }, revision, manifest }];
};

const gateConfigMap = (release: ReleaseRef, records: GateRecords): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: gateRecordName(release),
    namespace: release.namespace,
    labels: { ...GATE_COMPONENT_LABEL, "tars.io/release": release.name },
  },
  data: encodeGateRecords(records),
});
