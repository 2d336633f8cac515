import { Duration } from "effect";
import { type KubeObject, numberAt, stringAt } from "./kube.ts";

export const LEASE_DURATION = Duration.seconds(30);
export const HEARTBEAT_EVERY = Duration.seconds(10);

/** What a lock is on: a release, or something that a whole cluster has once. */
export interface LockSubject {
  readonly name: string;
  /** Where the Lease is kept. */
  readonly namespace: string;
}

/** CRDs belong to no release, so neither does their lock: it is where every cluster has a place for it. */
export const CRDS_LOCK: LockSubject = { name: "crds", namespace: "kube-system" };

export const leaseName = ({ name }: LockSubject): string => `tare-${name}`;

export interface LeaseState {
  readonly holder: string;
  /** RFC 3339, microseconds. */
  readonly acquiredAt: string;
  readonly expiresAtMillis: number;
}

/** A Lease without a holder is free. */
export const leaseState = (lease: KubeObject): LeaseState | undefined => {
  const holder = stringAt(lease, "spec", "holderIdentity");
  if (holder === undefined || holder === "") return undefined;
  const renewed = Date.parse(stringAt(lease, "spec", "renewTime") ?? "");
  const seconds = numberAt(lease, "spec", "leaseDurationSeconds") ?? 0;
  return {
    holder,
    acquiredAt: stringAt(lease, "spec", "acquireTime") ?? "an unknown time",
    expiresAtMillis: Number.isNaN(renewed) ? 0 : renewed + seconds * 1_000,
  };
};

/** Kubernetes writes lease times with microseconds and refuses fewer digits. */
export const microTime = (millis: number): string =>
  new Date(millis).toISOString().replace("Z", "000Z");

export const heldLease = (
  subject: LockSubject,
  holder: string,
  acquiredAtMillis: number,
  renewedAtMillis: number,
  resourceVersion?: string,
): KubeObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: {
    name: leaseName(subject),
    namespace: subject.namespace,
    labels: { "app.kubernetes.io/managed-by": "tare" },
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  },
  spec: {
    holderIdentity: holder,
    leaseDurationSeconds: Duration.toSeconds(LEASE_DURATION),
    acquireTime: microTime(acquiredAtMillis),
    renewTime: microTime(renewedAtMillis),
  },
});

export const releasedLease = (lease: KubeObject): KubeObject => ({
  ...lease,
  spec: { leaseDurationSeconds: Duration.toSeconds(LEASE_DURATION) },
});
