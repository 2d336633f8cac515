import { Clock, Effect, Layer, Option } from "effect";
import type { StoredManifest } from "../domain/crds/withdrawal.ts";
import {
  decodeGateRecords,
  encodeGateRecords,
  GATE_COMPONENT_LABEL,
  type GateRecords,
  gateRecordName,
} from "../domain/gate-record.ts";
import { ConfigMap, fieldAt, type KubeObject, Secret } from "../domain/kube.ts";
import type { RecordedRevision } from "../domain/recorded-revision.ts";
import { type ReleaseRef, releaseSecretName } from "../domain/release.ts";
import { Kubectl } from "./Kubectl.ts";
import { ReleaseRecords } from "./ReleaseRecords.ts";
import { recordedRevision, storedRelease, withRecordedStatus } from "./release-secret.ts";

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

    const releaseSecrets = Effect.fn("ReleaseRecords.releaseSecrets")(function* (
      release: ReleaseRef,
    ) {
      const secrets = yield* kubectl.list({
        type: Secret,
        namespace: release.namespace,
        labelSelector: `owner=helm,name=${release.name}`,
        metadataOnly: true,
      });
      return secrets
        .flatMap(({ metadata: { name, uid, labels } }) => {
          const revision = Number(labels?.version);
          return Number.isInteger(revision) && uid !== undefined
            ? [{ name, revision, uid, status: labels?.status ?? "unknown" }]
            : [];
        })
        .sort((a, b) => a.revision - b.revision);
    });

    return ReleaseRecords.of({
      gateRecords,
      secretUids: (release) =>
        Effect.map(
          releaseSecrets(release),
          (secrets) => new Map(secrets.map(({ revision, uid }) => [revision, uid])),
        ),
      revisionLabels: releaseSecrets,
      revisions: Effect.fn("ReleaseRecords.revisions")(function* (release) {
        const found: Array<RecordedRevision> = [];
        for (const { name } of yield* releaseSecrets(release)) {
          const secret = yield* kubectl.get({ type: Secret, name, namespace: release.namespace });
          const revision = Option.match(secret, {
            onNone: () => undefined,
            onSome: recordedRevision,
          });
          if (revision !== undefined) found.push(revision);
        }
        return found;
      }),
      storedManifests: Effect.fn("ReleaseRecords.storedManifests")(function* (namespace) {
        const secrets = yield* kubectl.list({
          type: Secret,
          ...(namespace === undefined ? {} : { namespace }),
          labelSelector: "owner=helm,status=deployed",
        });
        return secrets.flatMap(storedManifest);
      }),
      supersede: Effect.fn("ReleaseRecords.supersede")(function* (release, revision) {
        const name = releaseSecretName(release, revision);
        const found = yield* kubectl.get({ type: Secret, name, namespace: release.namespace });
        const next = Option.map(found, (secret) => withRecordedStatus(secret, "superseded"));
        if (Option.isSome(next) && next.value !== undefined) {
          yield* kubectl.replace(Secret, next.value);
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
