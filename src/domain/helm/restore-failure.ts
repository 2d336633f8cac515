/** Why a release could not be brought back to an earlier revision, or not be proven to run. */
import type { FlawedRecord } from "../release/record-flaw.ts";
import type { Obstacle } from "../rollout/trouble/obstacle.ts";

export type RestoreFailure =
  /** In the words of Helm, or of what holds the lock. */
  | { readonly _tag: "Said"; readonly text: string }
  | { readonly _tag: "HelmSignalled" }
  /** Helm finds the name of its next record taken. */
  | {
      readonly _tag: "RecordsInTheWay";
      readonly namespace: string;
      readonly records: ReadonlyArray<FlawedRecord>;
    }
  | { readonly _tag: "NoGoodRevision" }
  | { readonly _tag: "ReleaseUnread"; readonly detail: string }
  | { readonly _tag: "ManifestUnread"; readonly detail: string }
  | { readonly _tag: "ObjectsLeft"; readonly detail: string }
  /** What is deployed is no rollback to the revision that was wanted. */
  | {
      readonly _tag: "OtherRevision";
      readonly revision: number | undefined;
      readonly status: string | undefined;
      readonly wanted: number;
    }
  | { readonly _tag: "DataPlaneDown"; readonly why: Obstacle };
