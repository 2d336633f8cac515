/** What is there where Helm, as this run asks it, knows of no release. */
import { Effect } from "effect";
import { otherRecordType, recordType } from "../../domain/helm/driver.ts";
import { ConfigMap, Deployment, type KubeObject } from "../../domain/kube/objects.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { type Unrecorded, unrecordedRelease } from "../../domain/release/unrecorded.ts";
import { RecordsElsewhere } from "../../errors.ts";
import { CurrentHelmDriver } from "../../services/helm/CurrentHelmDriver.ts";
import { Kubectl } from "../../services/kube/Kubectl.ts";

/** Records that are not in the cluster tell tare nothing: it would take every release for one that is not installed. */
export const requireRecordsInCluster = Effect.gen(function* () {
  const driver = yield* yield* CurrentHelmDriver;
  if (driver._tag === "Elsewhere") return yield* new RecordsElsewhere({ driver: driver.name });
});

const NONE: ReadonlyArray<KubeObject> = [];

/** What cannot be read is left out. */
export const findUnrecorded = Effect.fnUntraced(function* (release: ReleaseRef) {
  const kubectl = yield* Kubectl;
  const { name, namespace } = release;
  const type = recordType(yield* yield* CurrentHelmDriver);
  if (type === undefined) return undefined;
  const other = otherRecordType(type);
  const labelSelector = `owner=helm,name=${name}`;
  const records = { type: other, namespace, labelSelector, metadataOnly: true };
  const [kept, deployments] = yield* Effect.all(
    [
      Effect.orElseSucceed(kubectl.list(records), () => NONE),
      Effect.orElseSucceed(kubectl.list({ type: Deployment, namespace }), () => NONE),
    ],
    { concurrency: "unbounded" },
  );
  if (kept.length === 0) return unrecordedRelease(deployments, release);
  const driver = other.kind === ConfigMap.kind ? "configmap" : "secret";
  return { _tag: "OtherStorage", driver } satisfies Unrecorded as Unrecorded;
});
