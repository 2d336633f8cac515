/** Why a release could not be removed. */
import type { ObjectRef } from "../kube/objects.ts";

export type RemovalTrouble =
  /** In the words of Helm, of the API server, or of what holds the lock. */
  | { readonly _tag: "Said"; readonly text: string }
  | { readonly _tag: "HelmSignalled" }
  | { readonly _tag: "ReleaseUnread"; readonly detail: string }
  | { readonly _tag: "RecordsLeft"; readonly count: number }
  | { readonly _tag: "ObjectsLeft"; readonly objects: ReadonlyArray<ObjectRef> };
