import type { FailureCause } from "../../domain/events/failure-cause.ts";
import { obituary } from "../run/journal.ts";

export const describeCause = (cause: FailureCause): string => {
  switch (cause._tag) {
    case "Said":
      return cause.text;
    case "HelmSilent":
      return "Helm gave no reason";
    case "DataPlaneDown":
      return "the data plane did not come up";
    case "GateUnfinished":
      return "the run that made this revision ended before the data plane was verified";
    case "LeftPending":
      return `left ${cause.status}: it was never finished`;
    case "RunDied":
      return obituary(cause.run);
    case "WorkerGone":
      return "the process that worked on it is gone";
    case "Interrupted":
      return "interrupted";
    case "InternalError":
      return "internal error";
  }
};
