/** A release that another operation works on. */
import type { Duration } from "effect";
import type { ReleaseRef } from "../../domain/release/release.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";

/** It was free when this run looked, and Helm found it busy. */
export const BUSY_SINCE_LOOKED_AT = {
  status: "busy with another operation",
  since: "after this run had looked",
};

/** A Helm of this machine that has outlived all its timeouts. */
export const busyWithHelm = (pid: number, patience: Duration.Duration) => ({
  status: `still being changed by process ${pid} (helm)`,
  since: `more than ${formatGoDuration(patience)} ago`,
  story: [`it has been at work for more than ${formatGoDuration(patience)}, all its timeouts`],
});

/** How an operation came to be pending, as far as its record tells. */
export const describePending = (work: string, since: string): string =>
  `${work} that began ${since} is still running, or was killed before it could finish`;

interface MovedRelease {
  readonly release: ReleaseRef;
  readonly from: number | undefined;
  readonly to: { readonly revision: number; readonly status: string };
}

export const describeMoved = ({ release, from, to }: MovedRelease): string =>
  `release ${release.name} went from revision ${from} to ${to.revision} (${to.status}) since it was discovered`;
