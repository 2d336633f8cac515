import type { HelmReason } from "../../domain/helm/outcome.ts";

export const describeHelmReason = (reason: HelmReason): string => {
  switch (reason._tag) {
    case "Said":
      return reason.text;
    case "Silent":
      return "helm gave no reason";
    case "AnswerLost":
      return `the answer to Helm's first write was lost: it took revision ${reason.revision}, which it had written itself, for another operation's`;
    case "LeftUnfinished":
      return `helm left it ${reason.status}`;
    case "ClusterGone":
      return "helm ended, and then the cluster could not be reached";
  }
};
