import type { HaUnknown } from "../../domain/checks/ha-verdict.ts";

export const describeHaUnknown = (why: HaUnknown): string => {
  switch (why._tag) {
    case "NoEnvoyProxy":
      return "no EnvoyProxy resource found";
    case "OnEachNode":
      return "there is a proxy on each node, as many as there are nodes";
    case "Unreadable":
      return why.detail;
  }
};
