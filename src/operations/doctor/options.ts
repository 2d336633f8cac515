import { Duration } from "effect";
import { STALE_AFTER } from "../../domain/events/reconcile.ts";
import type { LockSubject } from "../../domain/lock/lease.ts";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { DEFAULT_RELEASE } from "../../domain/run/upgrade-options.ts";

export interface DoctorOptions {
  readonly release: ReleaseRef;
  /** How long a forwarded or rejected event stays in the cluster at least. */
  readonly retention: Duration.Duration;
  /** For how long a pending revision without a lock may still belong to a run. */
  readonly staleAfter: Duration.Duration;
  /** Says what it would do, and writes and sends nothing. */
  readonly dryRun: boolean;
}

export const DEFAULT_DOCTOR_OPTIONS: DoctorOptions = {
  release: DEFAULT_RELEASE,
  retention: Duration.hours(168),
  staleAfter: STALE_AFTER,
  dryRun: false,
};

/** One tick at a time; an upgrade does not wait for it, nor it for an upgrade. */
export const doctorLock = ({ name, namespace }: ReleaseRef): LockSubject => ({
  name: `doctor-${name}`,
  namespace,
});
