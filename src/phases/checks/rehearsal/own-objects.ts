/** What tare and Helm write beside the chart's objects, as the server would judge it: locks, the identity, Helm's record. */
import { Effect, Result } from "effect";
import { isAdmissionRefusal, isUnrehearsable } from "../../../domain/checks/admission-refusal.ts";
import { recordType } from "../../../domain/helm/driver.ts";
import type { Identity } from "../../../domain/identity/identity.ts";
import { identitySecret } from "../../../domain/identity/identity-secret.ts";
import {
  apiVersionOf,
  type KubeObject,
  Lease,
  type ResourceType,
  refOf,
  Secret,
} from "../../../domain/kube/objects.ts";
import { CRDS_LOCK, type LockSubject, leaseName } from "../../../domain/lock/lease.ts";
import { type ReleaseRef, releaseSecretName } from "../../../domain/release/release.ts";
import { CurrentHelmDriver } from "../../../services/helm/CurrentHelmDriver.ts";
import { Kubectl } from "../../../services/kube/Kubectl.ts";
import type { RefusedObject } from "./rehearsed-objects.ts";

interface OwnObjects {
  readonly release: ReleaseRef;
  readonly identity: Identity;
  /** Of Helm's next record. */
  readonly revision: number;
  readonly writesCrds: boolean;
}

const lock = ({ name, namespace }: LockSubject): KubeObject => ({
  apiVersion: apiVersionOf(Lease),
  kind: Lease.kind,
  metadata: {
    name: leaseName({ name, namespace }),
    namespace,
    labels: { "app.kubernetes.io/managed-by": "tare" },
  },
});

/** Labelled as Helm labels it; its content does not matter here. */
const record = ({ name, namespace }: ReleaseRef, revision: number, type: ResourceType) => ({
  apiVersion: apiVersionOf(type),
  kind: type.kind,
  metadata: {
    name: releaseSecretName({ name, namespace }, revision),
    namespace,
    labels: { owner: "helm", name, status: "pending-upgrade", version: String(revision) },
  },
  ...(type.kind === Secret.kind ? { type: "helm.sh/release.v1" } : {}),
});

const rehearse = Effect.fnUntraced(function* (
  type: ResourceType,
  object: KubeObject,
): Effect.fn.Return<ReadonlyArray<RefusedObject>, never, Kubectl> {
  const kubectl = yield* Kubectl;
  const tried = yield* Effect.result(
    kubectl.apply(type, object, {
      fieldManager: "tare",
      force: true,
      dryRun: true,
      metadataOnly: true,
    }),
  );
  if (Result.isSuccess(tried)) return [];
  const { detail } = tried.failure;
  // Helm makes room for a record first: whether it is enough is counted elsewhere.
  const isCounted = type !== Lease && /exceeded quota/.test(detail);
  return isAdmissionRefusal(detail) && !isUnrehearsable(detail) && !isCounted
    ? [{ ref: refOf(type, object), detail, isClusters: true }]
    : [];
});

/** Only what the cluster's rules refuse: whether the account suffices is asked elsewhere. */
export const rehearseOwnObjects = Effect.fn("tare.plan.own-objects")(function* ({
  release,
  identity,
  revision,
  writesCrds,
}: OwnObjects) {
  const records = recordType(yield* yield* CurrentHelmDriver) ?? Secret;
  const objects: ReadonlyArray<readonly [ResourceType, KubeObject]> = [
    [Lease, lock(release)],
    ...(writesCrds ? [[Lease, lock(CRDS_LOCK)] as const] : []),
    [Secret, identitySecret(identity, release.namespace)],
    [records, record(release, revision, records)],
  ];
  const refused = yield* Effect.forEach(objects, ([type, object]) => rehearse(type, object), {
    concurrency: "unbounded",
  });
  return refused.flat();
});
