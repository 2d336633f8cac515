/** What is said of that which an upgrade is not judged by. */
import type { Warning } from "../../report/warning.ts";
import type { PriorState } from "./prior-state.ts";

export const priorNotices = (prior: PriorState): ReadonlyArray<Warning> => {
  const gateways = [...prior.gateways].flatMap(([place, { well, ...gateway }]) =>
    gateway.ours && gateway.servedBy.length > 0 && well ? [] : [{ place, ...gateway }],
  );
  const unwell = [...prior.workloads].flatMap(([workload, { ailment, ready, desired }]) =>
    ailment === undefined ? [] : [{ workload, ready, desired, ailment }],
  );
  const paused = [...prior.workloads].flatMap(([workload, { paused }]) =>
    paused ? [workload] : [],
  );
  return [
    ...(gateways.length === 0 ? [] : [{ code: "gateways-unserved", gateways } as const]),
    ...(unwell.length === 0 ? [] : [{ code: "workloads-unwell", workloads: unwell } as const]),
    ...(paused.length === 0 ? [] : [{ code: "workloads-paused", workloads: paused } as const]),
  ];
};
