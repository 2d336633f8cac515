/** All the cases, which run on the fake and on the real thing. */
import { crds } from "./cases/crds.ts";
import { fieldOwners } from "./cases/field-owners.ts";
import { helmReads } from "./cases/helm-reads.ts";
import { helmTransitions } from "./cases/helm-transitions.ts";
import { hold } from "./cases/hold.ts";
import { objects } from "./cases/objects.ts";
import { podSecurity } from "./cases/pod-security.ts";
import { podCases } from "./cases/pods.ts";
import { proxies } from "./cases/proxies.ts";
import { quotas } from "./cases/quotas.ts";
import { uninstallCases } from "./cases/uninstall.ts";
import { watches } from "./cases/watches.ts";
import type { ContractCase, StageShape } from "./stage.ts";

export const CASES: ReadonlyArray<ContractCase> = [
  ...helmTransitions,
  ...helmReads,
  ...fieldOwners,
  ...objects,
  ...crds,
  ...podCases,
  ...hold,
  ...podSecurity,
  ...quotas,
  ...watches,
  ...proxies,
  ...uninstallCases,
];

export const ofArea = (area: ContractCase["area"]): ReadonlyArray<ContractCase> =>
  CASES.filter((one) => one.area === area);

export const runsOn = (
  side: StageShape["side"],
  cases: ReadonlyArray<ContractCase>,
): ReadonlyArray<ContractCase> =>
  cases.filter(({ only }) => only === undefined || only.side === side);

export const oneSided = CASES.flatMap(({ name, only }) =>
  only === undefined ? [] : [{ name, ...only }],
);
