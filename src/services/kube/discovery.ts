import { Effect } from "effect";
import { fieldAt, listAt, type ResourceType, stringAt } from "../../domain/kube/objects.ts";
import type { KubectlError } from "./Kubectl.ts";
import type { KubeCall, KubeResponse } from "./transport/http.ts";

/** Everything in one answer; servers before 1.30 ignore it and list their groups only. */
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

type Call = (request: KubeCall) => Effect.Effect<KubeResponse, KubectlError>;

const word = (plural: unknown, version: string, group: string): string =>
  `${String(plural)}.${version}.${group}`;

const fromAggregated = (body: unknown): ReadonlyArray<string> =>
  listAt(body, "items").flatMap((group) =>
    listAt(group, "versions").flatMap((version) =>
      listAt(version, "resources").map((resource) =>
        word(
          fieldAt(resource, "resource"),
          stringAt(version, "version") ?? "",
          stringAt(group, "metadata", "name") ?? "",
        ),
      ),
    ),
  );

const oneByOne = (call: Call, groups: unknown) =>
  Effect.forEach(
    listAt(groups, "groups").flatMap((group) =>
      listAt(group, "versions").map((version) => stringAt(version, "groupVersion") ?? ""),
    ),
    (groupVersion) => {
      const [group = "", version = ""] = groupVersion.split("/");
      return Effect.map(
        call({ method: "GET", path: `/apis/${groupVersion}`, label: `discover ${groupVersion}` }),
        ({ body }) =>
          listAt(body, "resources").map((resource) =>
            word(fieldAt(resource, "name"), version, group),
          ),
      );
    },
    { concurrency: 8 },
  );

const aggregatedTypes = (body: unknown): ReadonlyArray<ResourceType> =>
  listAt(body, "items").flatMap((group) =>
    listAt(group, "versions").flatMap((version) =>
      listAt(version, "resources").map((resource) => ({
        group: stringAt(group, "metadata", "name") ?? "",
        version: stringAt(version, "version") ?? "",
        plural: stringAt(resource, "resource") ?? "",
        kind: stringAt(resource, "responseKind", "kind") ?? "",
        namespaced: fieldAt(resource, "scope") === "Namespaced",
      })),
    ),
  );

const typesOf = (groupVersion: string, body: unknown): ReadonlyArray<ResourceType> => {
  const slash = groupVersion.indexOf("/");
  return listAt(body, "resources")
    .filter((resource) => !(stringAt(resource, "name") ?? "/").includes("/"))
    .map((resource) => ({
      group: slash === -1 ? "" : groupVersion.slice(0, slash),
      version: groupVersion.slice(slash + 1),
      plural: stringAt(resource, "name") ?? "",
      kind: stringAt(resource, "kind") ?? "",
      namespaced: fieldAt(resource, "namespaced") === true,
    }));
};

/** Every type of every group, the core group's among them. */
export const readResources = Effect.fn("Kubectl.resources")(function* (call: Call) {
  const discover = (path: string) =>
    call({
      method: "GET",
      path,
      accept: `${AGGREGATED},application/json`,
      label: `discover ${path}`,
    });
  const [core, groups] = yield* Effect.all([discover("/api"), discover("/apis")], {
    concurrency: "unbounded",
  });
  if (fieldAt(groups.body, "kind") === "APIGroupDiscoveryList") {
    return [...aggregatedTypes(core.body), ...aggregatedTypes(groups.body)];
  }
  const groupVersions = listAt(groups.body, "groups").flatMap((group) =>
    listAt(group, "versions").map((version) => stringAt(version, "groupVersion") ?? ""),
  );
  const found = yield* Effect.forEach(
    ["v1", ...groupVersions],
    (groupVersion) =>
      Effect.map(
        call({
          method: "GET",
          path: groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`,
          label: `discover ${groupVersion}`,
        }),
        ({ body }) => typesOf(groupVersion, body),
      ),
    { concurrency: 8 },
  );
  return found.flat();
});

/** Every resource of a group as `plural.version.group`. */
export const readServed = Effect.fn("Kubectl.served")(function* (call: Call) {
  const { body } = yield* call({
    method: "GET",
    path: "/apis",
    accept: `${AGGREGATED},application/json`,
    label: "discover what is served",
  });
  const aggregated = fieldAt(body, "kind") === "APIGroupDiscoveryList";
  const found = aggregated ? fromAggregated(body) : (yield* oneByOne(call, body)).flat();
  return new Set(found) as ReadonlySet<string>;
});
