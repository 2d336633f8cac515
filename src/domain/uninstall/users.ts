/** What others made of the kinds that the release serves: it would be left without what serves it. */
import {
  fieldAt,
  Gateway,
  GatewayClass,
  listAt,
  type ObjectRef,
  stringAt,
} from "../kube/objects.ts";
import { type Found, GATEWAY_API_GROUP, isOfRelease, namespacesOf, type Place } from "./found.ts";

export interface User {
  readonly object: ObjectRef;
  readonly why: UserReason;
}

type UserReason =
  /** It is in a namespace of the release. */
  | { readonly _tag: "InNamespace"; readonly namespace: string }
  /** A Gateway of one of the release's classes. */
  | { readonly _tag: "OfClass"; readonly gatewayClass: string }
  /** A route through one of the release's Gateways. */
  | { readonly _tag: "Through"; readonly gateway: string }
  /** A class that the release's controller serves as well. */
  | { readonly _tag: "OfController"; readonly controller: string };

const isKind = ({ ref: { type } }: Found, { group, plural }: typeof Gateway): boolean =>
  type.group === group && type.plural === plural;

const gatewaysOf = ({ ref, object }: Found): ReadonlyArray<string> =>
  listAt(object, "spec", "parentRefs").flatMap((parent) => {
    const group = fieldAt(parent, "group") ?? GATEWAY_API_GROUP;
    const kind = fieldAt(parent, "kind") ?? Gateway.kind;
    if (group !== GATEWAY_API_GROUP || kind !== Gateway.kind) return [];
    const namespace = stringAt(parent, "namespace") ?? ref.namespace;
    return [`${namespace}/${stringAt(parent, "name")}`];
  });

/** @param customResources of all namespaces, whole */
export const usersOf = (
  customResources: ReadonlyArray<Found>,
  place: Place,
): ReadonlyArray<User> => {
  const isOurs = (found: Found) => isOfRelease(found, place);
  const ours = customResources.filter(isOurs);
  const classes = ours.filter((found) => isKind(found, GatewayClass));
  const classNames = new Set(classes.map(({ ref }) => ref.name));
  const controllers = new Set(
    classes.map(({ object }) => stringAt(object, "spec", "controllerName")),
  );
  const gateways = new Set(
    ours.filter((found) => isKind(found, Gateway)).map(({ ref }) => `${ref.namespace}/${ref.name}`),
  );
  const uids = new Set(customResources.map(({ object }) => object.metadata.uid));
  const namespaces = namespacesOf(place);

  const reasonOf = (found: Found): UserReason | undefined => {
    const { ref, object } = found;
    if (isKind(found, Gateway)) {
      const gatewayClass = stringAt(object, "spec", "gatewayClassName") ?? "";
      if (classNames.has(gatewayClass)) return { _tag: "OfClass", gatewayClass };
    }
    if (isKind(found, GatewayClass)) {
      const controller = stringAt(object, "spec", "controllerName");
      return controller !== undefined && controllers.has(controller)
        ? { _tag: "OfController", controller }
        : undefined;
    }
    const gateway = gatewaysOf(found).find((one) => gateways.has(one));
    if (gateway !== undefined) return { _tag: "Through", gateway };
    return ref.namespace !== undefined && namespaces.includes(ref.namespace)
      ? { _tag: "InNamespace", namespace: ref.namespace }
      : undefined;
  };

  return customResources.flatMap((found) => {
    // What a controller made of another one goes with that.
    const isOwned = (found.object.metadata.ownerReferences ?? []).some(({ uid }) => uids.has(uid));
    if (isOurs(found) || isOwned) return [];
    const why = reasonOf(found);
    return why === undefined ? [] : [{ object: found.ref, why }];
  });
};
