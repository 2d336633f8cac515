/** Which CRDs go: those that tare wrote and nobody else has a hand in, once nothing of their kinds is left. */
import { platformOf } from "../crds/ownership.ts";
import { CRD_HASH_ANNOTATION, type LiveCrd } from "../crds/plan.ts";
import { isJsonObject } from "../kube/json.ts";
import type { ObjectRef } from "../kube/objects.ts";
import type { ReleaseRef } from "../release/release.ts";
import { ENVOY_GATEWAY_GROUP, GATEWAY_API_GROUP } from "./found.ts";

export type CrdVerdict =
  | { readonly _tag: "Delete" }
  | { readonly _tag: "Stays"; readonly why: CrdReason };

export type CrdReason =
  /** `--keep-crds`. */
  | { readonly _tag: "Asked" }
  /** Of the Gateway API, without `--delete-shared-crds`. */
  | { readonly _tag: "Shared" }
  | { readonly _tag: "NotOurs"; readonly by: string | undefined }
  | { readonly _tag: "Platform"; readonly platform: string }
  /** Objects of its kind are left. */
  | { readonly _tag: "Objects"; readonly objects: ReadonlyArray<ObjectRef> }
  | { readonly _tag: "Classes"; readonly names: ReadonlyArray<string> }
  | { readonly _tag: "Releases"; readonly releases: ReadonlyArray<ReleaseRef> };

/** A GatewayClass that is not the release's. */
export interface OtherClass {
  readonly name: string;
  readonly controller: string;
}

interface CrdFacts {
  readonly group: string;
  readonly crd: LiveCrd;
  /** Of its kind; those of the release are no reason once they are on their way. */
  readonly objects: ReadonlyArray<ObjectRef>;
  readonly classes: ReadonlyArray<OtherClass>;
  /** Of TARS, Envoy Gateway or its AI Gateway, under another name or in another namespace. */
  readonly releases: ReadonlyArray<ReleaseRef>;
  readonly keep: boolean;
  readonly deleteShared: boolean;
}

const TARE = /^tare(?:-.*)?$/i;

/** Who, beside tare, has written what the CRD says. */
const otherWriter = ({ metadata: { managedFields = [] } }: LiveCrd): string | undefined =>
  managedFields.find(
    ({ manager = "", subresource = "", fieldsV1 }) =>
      subresource === "" && !TARE.test(manager) && isJsonObject(fieldsV1) && "f:spec" in fieldsV1,
  )?.manager;

const ownership = (crd: LiveCrd): CrdReason | undefined => {
  const platform = platformOf(crd.metadata);
  if (platform !== undefined) return { _tag: "Platform", platform };
  const by = otherWriter(crd);
  const isWritten = crd.metadata.annotations?.[CRD_HASH_ANNOTATION] !== undefined;
  return isWritten && by === undefined ? undefined : { _tag: "NotOurs", by };
};

/** Every class is an object of the Gateway API; the kinds of Envoy Gateway are of use to its own classes alone. */
const classesThatUse = (group: string, classes: ReadonlyArray<OtherClass>): ReadonlyArray<string> =>
  classes
    .filter(
      ({ controller }) =>
        group === GATEWAY_API_GROUP || controller.startsWith(`${ENVOY_GATEWAY_GROUP}/`),
    )
    .map(({ name }) => name);

/** The first reason that holds. */
export const crdVerdict = (facts: CrdFacts): CrdVerdict => {
  const stays = (why: CrdReason): CrdVerdict => ({ _tag: "Stays", why });
  if (facts.keep) return stays({ _tag: "Asked" });
  const owned = ownership(facts.crd);
  if (owned !== undefined) return stays(owned);
  if (facts.group === GATEWAY_API_GROUP && !facts.deleteShared) return stays({ _tag: "Shared" });
  if (facts.releases.length > 0) return stays({ _tag: "Releases", releases: facts.releases });
  const names = classesThatUse(facts.group, facts.classes);
  if (names.length > 0) return stays({ _tag: "Classes", names });
  return facts.objects.length > 0
    ? stays({ _tag: "Objects", objects: facts.objects })
    : { _tag: "Delete" };
};
