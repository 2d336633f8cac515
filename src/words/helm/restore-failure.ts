import type { RestoreFailure } from "../../domain/helm/restore-failure.ts";
import { describeRecord } from "../release/record-flaw.ts";
import { describeObstacle } from "../rollout/obstacle.ts";

export const describeRestoreFailure = (failure: RestoreFailure): string => {
  switch (failure._tag) {
    case "Said":
      return failure.text;
    case "HelmSignalled":
      return "helm rollback was ended by a signal";
    case "RecordsInTheWay":
      return failure.records.map((record) => describeRecord(failure.namespace, record)).join("; ");
    case "NoGoodRevision":
      return "no earlier revision is known to be good";
    case "ReleaseUnread":
      return `the release could not be read afterwards: ${failure.detail}`;
    case "ManifestUnread":
      return `what was to be restored could not be read: ${failure.detail}`;
    case "ObjectsLeft":
      return `not everything could be brought back: ${failure.detail}`;
    case "OtherRevision":
      return `revision ${failure.revision} is ${failure.status}, not a rollback to ${failure.wanted}`;
    case "DataPlaneDown":
      return `the data plane did not come back: ${describeObstacle(failure.why)}`;
  }
};
