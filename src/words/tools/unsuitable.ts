import type { HelmFlaw, Unsuitability } from "../../domain/tools/version.ts";
import { unsupportedHelm } from "../helm/version.ts";

/** Each with the reason in Helm's own tracker. */
const FLAWS: Readonly<Record<HelmFlaw, string>> = {
  "rollback-fails": "its rollback fails when the new chart dropped an object (helm/helm#32244)",
  "wait-hangs": "waiting can hang for the whole timeout (helm/helm#32214)",
};

export const describeUnsuitable = (why: Unsuitability): string => {
  switch (why._tag) {
    case "NoVersion":
      return "it does not tell its version";
    case "TooOld":
      return `${why.version} is older than ${why.oldest}`;
    case "Unsupported":
      return unsupportedHelm(why.version);
    case "KnownBad":
      return `${why.version} is known to be bad: ${FLAWS[why.flaw]}`;
  }
};
