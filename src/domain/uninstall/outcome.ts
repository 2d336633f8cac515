/** What came of an uninstallation. */
import type { ObjectRef } from "../kube/objects.ts";
import type { UninstallPlan } from "./plan.ts";

/** What is left on purpose. */
export interface Remains {
  readonly namespaces: UninstallPlan["namespaces"];
  readonly crds: UninstallPlan["crds"];
  /** Of others, and left without what served them. */
  readonly users: UninstallPlan["users"];
  /** Events that the management plane has not taken. */
  readonly events: number;
}

/** Why it could not be finished. */
export type UninstallTrouble =
  /** In the words of Helm. */
  | { readonly _tag: "Helm"; readonly text: string }
  | { readonly _tag: "RecordsLeft"; readonly count: number }
  | { readonly _tag: "ObjectsLeft"; readonly objects: ReadonlyArray<Held> }
  /** Finalizers are not touched while whoever set them may still be at work. */
  | { readonly _tag: "ControllersLeft"; readonly pods: ReadonlyArray<ObjectRef> }
  | { readonly _tag: "Said"; readonly text: string };

export interface Held {
  readonly object: ObjectRef;
  readonly finalizers: ReadonlyArray<string>;
}
