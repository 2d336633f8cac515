import { gunzipSync } from "node:zlib";
import { Clock, Context, Effect, Layer, Option } from "effect";
import type { StoredManifest } from "../domain/crd-withdrawal.ts";
import {
  decodeGateRecords,
  encodeGateRecords,
  GATE_COMPONENT_LABEL,
  type GateRecord,
  type GateRecords,
  gateRecordName,
} from "../domain/gate-record.ts";
import { ConfigMap, fieldAt, type KubeObject, numberAt, Secret, stringAt } from "../domain/kube.ts";
import type { ReleaseRef } from "../domain/release.ts";
import { Kubectl, type KubectlError } from "./Kubectl.ts";

const FIELD_MANAGER = "tare";

/** What the cluster remembers about a release beside Helm's own history. */
export class ReleaseRecords extends Context.Service<
  ReleaseRecords,
  {
    /** UIDs of Helm's release Secrets by revision; empty when Helm keeps its records elsewhere (`HELM_DRIVER`). */
    readonly secretUids: (
      release: ReleaseRef,
    ) => Effect.Effect<ReadonlyMap<number, string>, KubectlError>;
    /** What the deployed revision of every Helm release was rendered to; of one namespace, or of all. */
    readonly storedManifests: (
      namespace?: string,
    ) => Effect.Effect<ReadonlyArray<StoredManifest>, KubectlError>;
    readonly gateRecords: (release: ReleaseRef) => Effect.Effect<GateRecords, KubectlError>;
    /** Records the gate's state for `revision`; `undefined` forgets it. Entries of revisions outside `keep` are dropped. */
    readonly recordGate: (
      release: ReleaseRef,
      revision: number,
      record: Omit<GateRecord, "recordedAt"> | undefined,
      keep: ReadonlySet<number>,
    ) => Effect.Effect<void, KubectlError>;
  }
>()("tare/services/ReleaseRecords") {
  static readonly layer: Layer.Layer<ReleaseRecords, never, Kubectl> = Layer.effect(
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

      return ReleaseRecords.of({
        gateRecords,
        secretUids: Effect.fn("ReleaseRecords.secretUids")(function* (release) {
          const secrets = yield* kubectl.list({
            type: Secret,
            namespace: release.namespace,
            labelSelector: `owner=helm,name=${release.name}`,
            metadataOnly: true,
          });
          return new Map(
            secrets.flatMap(({ metadata }) => {
              const revision = Number(metadata.labels?.version);
              return Number.isInteger(revision) && metadata.uid !== undefined
                ? [[revision, metadata.uid] as const]
                : [];
            }),
          );
        }),
        storedManifests: Effect.fn("ReleaseRecords.storedManifests")(function* (namespace) {
          const secrets = yield* kubectl.list({
            type: Secret,
            ...(namespace === undefined ? {} : { namespace }),
            labelSelector: "owner=helm,status=deployed",
          });
          return secrets.flatMap(storedManifest);
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
}

/** Helm's record is gzipped JSON in base64, once more encoded as every Secret is; one that is not is passed over. */
const storedManifest = (secret: KubeObject): ReadonlyArray<StoredManifest> => {
  try {
    const record = Buffer.from(stringAt(secret, "data", "release") ?? "", "base64").toString();
    const release = JSON.parse(gunzipSync(Buffer.from(record, "base64")).toString()) as unknown;
    const [name, namespace] = [stringAt(release, "name"), stringAt(release, "namespace")];
    return name === undefined || namespace === undefined
      ? []
      : [
          {
            release: { name, namespace },
            revision: numberAt(release, "version") ?? 0,
            manifest: stringAt(release, "manifest") ?? "",
          },
        ];
  } catch {
    return [];
  }
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
