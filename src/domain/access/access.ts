/** What an account may do, in the words of RBAC. */
import type { ResourceType } from "../kube/objects.ts";

export interface Access {
  readonly verb: string;
  /** `""` is the core group. */
  readonly group: string;
  /** The plural, e.g. `deployments`. */
  readonly resource: string;
  /** Left out: the whole cluster. */
  readonly namespace?: string;
  /** Left out: whatever its name. */
  readonly name?: string;
}

/** Holds for those who administer the cluster, whom nothing else needs to be asked about. */
export const EVERYTHING: Access = { verb: "*", group: "*", resource: "*" };

export const accessTo = (
  type: ResourceType,
  verbs: ReadonlyArray<string>,
  namespace?: string,
  name?: string,
): ReadonlyArray<Access> =>
  verbs.map((verb) => ({
    verb,
    group: type.group,
    resource: type.plural,
    ...(type.namespaced && namespace !== undefined ? { namespace } : {}),
    // What is created or listed has no name yet, as far as RBAC is concerned.
    ...(name === undefined || verb === "create" || verb === "list" || verb === "watch"
      ? {}
      : { name }),
  }));

const keyOf = ({ verb, group, resource, namespace = "", name = "" }: Access): string =>
  [namespace, group, resource, verb, name].join("\u0000");

export const distinctAccess = (all: ReadonlyArray<Access>): ReadonlyArray<Access> => [
  ...new Map(all.map((access) => [keyOf(access), access])).values(),
];

/** Two questions in one: a right to all objects of a kind makes the questions about single ones unnecessary. */
const withoutName = ({ name: _, ...access }: Access): Access => access;

const GENERAL = (access: Access): string => keyOf(withoutName(access));

export interface AccessQuestion {
  readonly general: Access;
  /** To be asked when the general right is missing; none when only that will do. */
  readonly named: ReadonlyArray<Access>;
}

export const accessQuestions = (needed: ReadonlyArray<Access>): ReadonlyArray<AccessQuestion> => {
  const groups = new Map<string, Array<Access>>();
  for (const access of distinctAccess(needed)) {
    const key = GENERAL(access);
    groups.set(key, [...(groups.get(key) ?? []), access]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const named = group.filter(({ name }) => name !== undefined);
    return [{ general: withoutName(first), named: named.length === group.length ? named : [] }];
  });
};

/** As RBAC names it, e.g. `deployments.apps`. */
export const resourceName = ({ group, resource }: Pick<Access, "group" | "resource">): string =>
  group === "" ? resource : `${resource}.${group}`;

const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"];

const inOrder = (verbs: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(verbs)].sort((a, b) => VERBS.indexOf(a) - VERBS.indexOf(b));

/** One resource in one place, with everything that the account is not allowed to do to it. */
export interface MissingRight {
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly verbs: ReadonlyArray<string>;
  /** Of single objects; none when it is about all of the resource. */
  readonly names: ReadonlyArray<string>;
}

/** By verbs, then by resource, then by place: what is of the whole cluster comes after what is of a namespace. */
const orderOf = ({ namespace = "~", verbs, names, ...right }: MissingRight): string =>
  [verbs.join(", "), resourceName(right), names.length === 0 ? [] : `(${names.join(", ")})`]
    .flat()
    .concat(namespace)
    .join(" ");

export const missingRights = (denied: ReadonlyArray<Access>): ReadonlyArray<MissingRight> => {
  const byResource = Map.groupBy(denied, ({ namespace = "", group, resource }) =>
    [namespace, group, resource].join("\u0000"),
  );
  return [...byResource.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { namespace, group: apiGroup, resource } = first;
      const verbs = inOrder(group.map(({ verb }) => verb));
      const names = group.flatMap(({ name }) => (name === undefined ? [] : [name]));
      return [
        {
          namespace,
          group: apiGroup,
          resource,
          verbs,
          names: names.length === group.length ? [...new Set(names)].sort() : [],
        },
      ];
    })
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
};
