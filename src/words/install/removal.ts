import type { RemovalTrouble } from "../../domain/install/removal.ts";
import { showRef } from "../../domain/kube/objects.ts";
import type { ReleaseRef, Revision } from "../../domain/release/release.ts";

export const describeRemovalTrouble = (trouble: RemovalTrouble): string => {
  switch (trouble._tag) {
    case "Said":
      return trouble.text;
    case "HelmSignalled":
      return "helm uninstall was ended by a signal";
    case "ReleaseUnread":
      return `the release could not be read afterwards: ${trouble.detail}`;
    case "RecordsLeft":
      return `Helm still has ${trouble.count} records of it`;
    case "ObjectsLeft":
      return `still there: ${trouble.objects.map(showRef).join(", ")}`;
  }
};

/** Of an installation that is in the way of the next one. */
export const describeHusk = ({ revision, status }: Pick<Revision, "revision" | "status">): string =>
  `revision ${revision} is ${status}, and never worked`;

export const describeInstalledMeanwhile = ({ name }: ReleaseRef): string =>
  `another process installed release ${name} after this run had looked`;
