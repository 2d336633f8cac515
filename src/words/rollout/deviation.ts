import type { Deviation } from "../../domain/rollout/deviation.ts";

export const describeDeviation = (deviation: Deviation): string => {
  switch (deviation._tag) {
    case "Missing":
      return "it is missing";
    case "OtherImage":
      return `container ${deviation.container} runs image ${deviation.found ?? "(none)"}, not ${deviation.wanted}`;
    case "OtherField":
      return `${deviation.field} is not what it was`;
  }
};
