/** What ran before anything was written: an upgrade answers for what it changed, not for what it found. */
import type { Difference } from "../difference.ts";
import type { WaitingFor } from "../trouble/waiting-for.ts";
import type { WorkloadGroup } from "../workload-group.ts";

export interface PriorWorkload {
  readonly group: WorkloadGroup;
  readonly ready: number;
  readonly desired: number;
  /** Why it was not well; nothing when it was. A difference from what is asked for is none. */
  readonly ailment: WaitingFor | undefined;
  /** Of its containers, by their names: what ailed then need not be well again when the same runs. */
  readonly images: ReadonlyMap<string, string | undefined>;
  /** Where it was not as it is asked to be, although its controllers had long seen it. */
  readonly differences: ReadonlyArray<Difference>;
  /** It is paused, so its pods stay as they are. */
  readonly paused: boolean;
}

export interface PriorGateway {
  readonly className: string;
  /** Who looks after its class; `undefined` where that cannot be read, or there is no such class. */
  readonly controller: string | undefined;
  /** Whether that is the release's own controller, as far as is known. */
  readonly ours: boolean;
  /** What served it, e.g. `Deployment tars-dataplane/egress`. */
  readonly servedBy: ReadonlyArray<string>;
  /** One of these was well, and the controller took the Gateway. */
  readonly well: boolean;
}

export interface PriorState {
  /** By namespace and name. */
  readonly gateways: ReadonlyMap<string, PriorGateway>;
  /** By kind, namespace and name. */
  readonly workloads: ReadonlyMap<string, PriorWorkload>;
}

/** Helm waits for every workload of its release, also for one that never was ready. */
export const hadAilingRelease = (prior: PriorState | undefined): boolean =>
  [...(prior?.workloads.values() ?? [])].some(
    ({ group, ailment }) => group === "release" && ailment !== undefined,
  );

export const placeOf = ({ namespace = "", name }: { namespace?: string; name: string }): string =>
  `${namespace}/${name}`;

/**
 * For a release that is being brought back from a broken attempt: what that attempt may have broken must be well again, and
 * what was found of it explains nothing. Only what was not there at all is not missed.
 */
export const withoutExcuses = ({ gateways, workloads }: PriorState): PriorState => ({
  gateways: new Map(
    [...gateways].map(([place, one]) => [place, { ...one, well: one.servedBy.length > 0 }]),
  ),
  workloads: new Map(
    [...workloads].map(([key, one]) => [key, { ...one, ailment: undefined, differences: [] }]),
  ),
});

/**
 * For a release whose deployed revision was never seen to work: what still differs from it may be on its way, and no policy
 * of the cluster's. What the server makes of it explains it then, or nothing does.
 */
export const withoutDifferences = ({ gateways, workloads }: PriorState): PriorState => ({
  gateways,
  workloads: new Map([...workloads].map(([key, one]) => [key, { ...one, differences: [] }])),
});
