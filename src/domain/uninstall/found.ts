/** An object as it was found, and where. */
import type { KubeObject, ObjectRef, ResourceType } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { isHelms } from "../release/unrecorded.ts";

export interface Found {
  readonly ref: ObjectRef;
  /** Of what is no custom resource its metadata alone. */
  readonly object: KubeObject;
}

/** Where a release is. */
export interface Place {
  readonly release: ReleaseRef;
  readonly dataplaneNamespace: string;
}

/** Those of the release, each once. */
export const namespacesOf = ({ release, dataplaneNamespace }: Place): ReadonlyArray<string> => [
  ...new Set([dataplaneNamespace, release.namespace]),
];

/** Helm's marks can be copied with an object; what is in another namespace is none of the release's. */
export const isOfRelease = ({ ref, object }: Found, place: Place): boolean =>
  isHelms(object, place.release) &&
  (ref.namespace === undefined || namespacesOf(place).includes(ref.namespace));

export const GATEWAY_API_GROUP = "gateway.networking.k8s.io";
export const ENVOY_GATEWAY_GROUP = "gateway.envoyproxy.io";

/** Whose kinds the chart brings along: its controllers are at work on them. */
const CUSTOM_GROUPS: ReadonlySet<string> = new Set([
  GATEWAY_API_GROUP,
  ENVOY_GATEWAY_GROUP,
  "aigateway.envoyproxy.io",
  "tars.tetrate.ai",
]);

export const isCustomGroup = (group: string): boolean => CUSTOM_GROUPS.has(group);

export const isCustom = ({ group }: Pick<ResourceType, "group">): boolean => isCustomGroup(group);

export const isGoing = ({ object }: Pick<Found, "object">): boolean =>
  object.metadata.deletionTimestamp !== undefined;
