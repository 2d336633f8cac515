import { Duration } from "effect";
import { type KubeObject, numberAt, stringAt } from "../kube/objects.ts";
import { type ProcessIdentity, showProcess } from "../processes/process-identity.ts";

/** How long a lease must be seen without a heartbeat before another process may take it. */
export const LEASE_DURATION = Duration.seconds(30);
export const HEARTBEAT_EVERY = Duration.seconds(10);
/** The longest time a Lease is watched, whatever it claims: otherwise an account that can write one could stop every run for ever. */
export const LONGEST_WATCH = Duration.times(LEASE_DURATION, 2);
/** A holder that could not renew for so long writes no more: well before another run may. */
export const SILENCE_ALLOWED = Duration.seconds(25);

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
  /** Who and where, for people. */
  readonly holder: string;
  /** Absent when another program wrote the lease. */
  readonly process: ProcessIdentity | undefined;
  /** RFC 3339, microseconds, by the holder's clock; absent where the lease does not tell. */
  readonly acquiredAt: string | undefined;
  /** Changes with every heartbeat. It is never compared with a clock: the holder's may be another one. */
  readonly beat: string;
  readonly duration: Duration.Duration;
  /** It claims to last longer than it is watched for: its silence proves nothing. */
  readonly overlong: boolean;
}

const annotation = (lease: KubeObject, name: string) =>
  stringAt(lease, "metadata", "annotations", `tars.io/holder-${name}`);

const processOf = (lease: KubeObject): ProcessIdentity | undefined => {
  const [user, host, pid] = ["user", "host", "pid"].map((name) => annotation(lease, name));
  if (user === undefined || host === undefined || !/^\d+$/.test(pid ?? "")) return undefined;
  const [table, started] = [annotation(lease, "process-table"), annotation(lease, "started")];
  return {
    user,
    host,
    pid: Number(pid),
    ...(table === undefined ? {} : { table }),
    ...(started === undefined ? {} : { started }),
  };
};

/** A Lease without a holder is free. */
export const leaseState = (lease: KubeObject): LeaseState | undefined => {
  const holder = stringAt(lease, "spec", "holderIdentity");
  if (holder === undefined || holder === "") return undefined;
  const seconds = numberAt(lease, "spec", "leaseDurationSeconds") ?? 0;
  const claimed = seconds > 0 ? Duration.seconds(seconds) : LEASE_DURATION;
  return {
    holder,
    process: processOf(lease),
    acquiredAt: stringAt(lease, "spec", "acquireTime"),
    beat: `${lease.metadata.resourceVersion} ${stringAt(lease, "spec", "renewTime")}`,
    duration: Duration.min(claimed, LONGEST_WATCH),
    overlong: Duration.isGreaterThan(claimed, LONGEST_WATCH),
  };
};

/** Kubernetes writes lease times with microseconds and refuses fewer digits. */
export const microTime = (millis: number): string =>
  new Date(millis).toISOString().replace("Z", "000Z");

const annotationsOf = ({ user, host, pid, table, started }: ProcessIdentity) => ({
  "tars.io/holder-user": user,
  "tars.io/holder-host": host,
  "tars.io/holder-pid": String(pid),
  ...(table === undefined ? {} : { "tars.io/holder-process-table": table }),
  ...(started === undefined ? {} : { "tars.io/holder-started": started }),
});

export const heldLease = (
  subject: LockSubject,
  holder: ProcessIdentity,
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
    annotations: annotationsOf(holder),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  },
  spec: {
    holderIdentity: showProcess(holder),
    leaseDurationSeconds: Duration.toSeconds(LEASE_DURATION),
    acquireTime: microTime(acquiredAtMillis),
    renewTime: microTime(renewedAtMillis),
  },
});

export const releasedLease = (lease: KubeObject): KubeObject => ({
  ...lease,
  metadata: { ...lease.metadata, annotations: {} },
  spec: { leaseDurationSeconds: Duration.toSeconds(LEASE_DURATION) },
});
