/** What stands in the way of a run before its first write, as data. */
import type { MissingRight } from "../access/access.ts";
import type { Hint } from "../hints/hint.ts";
import type { ObjectRef } from "../kube/objects.ts";
import type { BadVersion } from "./envoy-gateway-hops.ts";
import type { QuotaShortfall } from "./object-room.ts";
import type { PodsOf } from "./pod-rehearsal.ts";
import type { Deletion } from "./terminating.ts";

/** What cannot be written as the cluster is: in the server's words, or because it is on its way out. */
export type Refusal =
  | { readonly ref: ObjectRef; readonly detail: string }
  | { readonly ref: ObjectRef; readonly deletion: Deletion; readonly detail?: never };

export type PreflightProblem =
  /** In its own words. */
  | { readonly _tag: "HelmUnusable"; readonly text: string; readonly remedy?: Hint | undefined }
  | { readonly _tag: "HelmUnsupported"; readonly version: string }
  | { readonly _tag: "ClusterUnreachable"; readonly detail: string }
  /** There is no place for the copies of what is changed. */
  | { readonly _tag: "HomeUnusable"; readonly detail: string }
  | { readonly _tag: "NamespaceGoing"; readonly namespace: string; readonly deletion: Deletion }
  | { readonly _tag: "ObjectGoing"; readonly ref: ObjectRef; readonly deletion: Deletion }
  | { readonly _tag: "QuotaTooSmall"; readonly shortfall: QuotaShortfall }
  /** In the server's words. */
  | { readonly _tag: "ObjectRefused"; readonly ref: ObjectRef; readonly detail: string }
  | { readonly _tag: "PodsRefused"; readonly pods: PodsOf; readonly detail: string }
  | { readonly _tag: "PermissionsMissing"; readonly rights: ReadonlyArray<MissingRight> }
  | { readonly _tag: "EnvoyGatewayToSkip"; readonly version: BadVersion }
  /** Of Helm's record of the next revision. */
  | { readonly _tag: "RecordTooLarge"; readonly bytes: number };
