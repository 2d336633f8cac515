import { crds } from "./crds.ts";
import { envoyProxies } from "./envoy-proxies.ts";
import { events } from "./events.ts";
import { identities } from "./identities.ts";
import type { Kind } from "./kind.ts";
import { kubeconfigs } from "./kubeconfigs.ts";
import { leases } from "./leases.ts";
import { planeAnswers } from "./plane-answers.ts";
import { releaseRecords } from "./release-records.ts";

export const KINDS: ReadonlyArray<Kind> = [
  releaseRecords,
  kubeconfigs,
  identities,
  envoyProxies,
  crds,
  events,
  leases,
  planeAnswers,
];
