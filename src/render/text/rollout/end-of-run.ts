/** What a run that worked comes to, in one line below its last hints. */
import { Duration } from "effect";
import type { ReportEvent } from "../../../domain/report/report.ts";
import type { WorkloadProgress } from "../../../domain/rollout/progress.ts";
import { formatGoDuration } from "../../../domain/text/go-duration.ts";

/** What events before the last one told. */
interface RunSoFar {
  readonly phases: ReadonlyArray<{ readonly id: string; readonly millis: number }>;
  readonly workloads: ReadonlyArray<WorkloadProgress>;
}

export const NOTHING_YET: RunSoFar = { phases: [], workloads: [] };

export const withEvent = (run: RunSoFar, event: ReportEvent): RunSoFar => {
  switch (event._tag) {
    case "PhaseFinished":
      return { ...run, phases: [...run.phases, { id: event.phase.id, millis: event.millis }] };
    case "DataPlaneProgress":
      return { ...run, workloads: event.deployments };
    default:
      return run;
  }
};

const SHORTEST_MILLIS = 1_000;

const seconds = (millis: number): string =>
  formatGoDuration(Duration.seconds(Math.round(millis / 1_000)));

const proxiesLine = ({ workloads }: RunSoFar): ReadonlyArray<string> => {
  const proxies = workloads.filter(({ group }) => group === "data-plane");
  if (proxies.length === 0) return [];
  const [ready, desired] = (["ready", "desired"] as const).map((key) =>
    proxies.reduce((sum, proxy) => sum + proxy[key], 0),
  );
  return [`${ready} of ${desired} ${desired === 1 ? "proxy" : "proxies"} ready`];
};

/** `1.1.0 → 1.2.0 as revision 2, 2 of 2 proxies ready, took 2m10s (apply-crds 3s, helm-upgrade 2m6s)` */
export const endLines = (
  run: RunSoFar,
  { fromVersion, toVersion, revision }: Extract<ReportEvent, { readonly _tag: "Completed" }>,
): ReadonlyArray<string> => {
  if (run.phases.length === 0) return [];
  const versions = fromVersion === toVersion ? toVersion : `${fromVersion} → ${toVersion}`;
  const total = run.phases.reduce((sum, { millis }) => sum + millis, 0);
  const long = run.phases
    .filter(({ millis }) => millis >= SHORTEST_MILLIS)
    .map(({ id, millis }) => `${id} ${seconds(millis)}`);
  const took = `took ${seconds(total)}${long.length > 1 ? ` (${long.join(", ")})` : ""}`;
  return ["", [`${versions} as revision ${revision}`, ...proxiesLine(run), took].join(", ")];
};
