import { Clock, Context, Effect, Layer, Option } from "effect";
import {
  decodeGateRecords,
  encodeGateRecords,
  GATE_COMPONENT_LABEL,
  type GateRecord,
  type GateRecords,
  gateRecordName,
} from "../domain/gate-record.ts";
import { ConfigMap, fieldAt, type KubeObject, Secret } from "../domain/kube.ts";
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
