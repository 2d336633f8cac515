import type { Staleness, WaitingFor } from "../../domain/rollout/trouble/waiting-for.ts";

const describeStaleness = (staleness: Staleness): string => {
  switch (staleness._tag) {
    case "Image":
      return `image not updated yet (${staleness.found ?? "none"} → ${staleness.asked ?? "none"})`;
    case "Field": {
      const { path, found = "nothing", asked = "nothing" } = staleness;
      return `still has ${path} = ${found}, not ${asked}`;
    }
    case "DrainTime": {
      const given = staleness.found === undefined ? "the default time" : `${staleness.found} s`;
      return `still gives pods ${given} to drain, not ${staleness.asked} s`;
    }
  }
};

export const describeWaiting = (waiting: WaitingFor): string => {
  switch (waiting._tag) {
    case "Unobserved":
      return "the controller has not picked up the change yet";
    case "ScaledToZero":
      return "it is scaled to zero";
    case "PodsUpdated": {
      const template = waiting.isEarlier ? "the template of before this run" : "the new template";
      return `${waiting.count} of ${waiting.desired} pods run ${template}`;
    }
    case "OldPodsGone":
      return waiting.count === 1
        ? "1 old pod is terminating"
        : `${waiting.count} old pods are terminating`;
    case "PodsReady":
      return `${waiting.count} of ${waiting.desired} pods are ready`;
    case "PodsAvailable":
      return `${waiting.count} of ${waiting.desired} pods are available`;
    case "PodsFinished":
      return `${waiting.count} of ${waiting.desired} pods have finished`;
    case "Stale": {
      const refusal =
        waiting.refusal === undefined ? "" : `; the server refuses that: ${waiting.refusal}`;
      return `${describeStaleness(waiting.staleness)}${refusal}`;
    }
    case "Refused":
      return `${waiting.kind} ${waiting.name} is refused by Envoy Gateway: ${waiting.reason}: ${waiting.message}`;
    case "Deployment":
      return "no Deployment was made for this Gateway";
    case "EnvoyGateway":
      return "Envoy Gateway has not made it";
  }
};
