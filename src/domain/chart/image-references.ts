/** Images that an object names anywhere: a controller starts pods from what its settings and arguments say. */
import { objectKey } from "../access/helm-access.ts";
import type { ImageChange } from "../fields/object-change.ts";
import { fieldsOf } from "../fields/object-diff.ts";
import type { KubeObject } from "../kube/objects.ts";

/** A path and a tag or a digest; what follows a scheme is an address. */
const REFERENCE =
  /(?<![\w/.:@-])[a-z0-9][\w.-]*(?::\d+)?(?:\/[a-z0-9][\w.-]*)+(?::[A-Za-z_0-9][\w.-]*)?(?:@sha256:[0-9a-f]{64})?/gi;

const isTagged = (reference: string): boolean => /[^/]:[^/]+$|@sha256:/.test(reference);

/** `envoy` of `gcr.io/acme/envoy:1.2`. */
const nameOf = (reference: string): string =>
  reference
    .replace(/@sha256:.*$/, "")
    .replace(/:[^/]*$/, "")
    .replace(/^.*\//, "");

/** By name: the tag is what changes. */
export const imageReferences = (object: KubeObject): ReadonlyMap<string, string> => {
  const found = [...fieldsOf(object)].flatMap(([path, value]) => {
    if (typeof value !== "string") return [];
    if (/(?:^|\.)image$/.test(path)) return [value];
    return [...value.matchAll(REFERENCE)].map(([reference]) => reference).filter(isTagged);
  });
  return new Map(found.map((reference) => [nameOf(reference), reference]));
};

/** Every image that some pod will run and did not, with the objects that name it. */
export const imagesBetween = (
  previous: ReadonlyArray<KubeObject>,
  next: ReadonlyArray<KubeObject>,
): ReadonlyArray<ImageChange> => {
  const before = new Map(previous.map((object) => [objectKey(object), imageReferences(object)]));
  return next.flatMap((object) => {
    const old = before.get(objectKey(object));
    return [...imageReferences(object)].flatMap(([name, reference]) =>
      old?.get(name) === reference
        ? []
        : [
            {
              before: old?.get(name),
              after: reference,
              usedBy: [`${object.kind} ${object.metadata.name}`],
            },
          ],
    );
  });
};

/** Each change once, with all who use it. */
export const mergedImages = (changes: ReadonlyArray<ImageChange>): ReadonlyArray<ImageChange> =>
  [...Map.groupBy(changes, ({ before, after }) => `${before} ${after}`).values()].flatMap(
    (group) => {
      const [first] = group;
      return first === undefined
        ? []
        : [{ ...first, usedBy: [...new Set(group.flatMap(({ usedBy }) => usedBy))] }];
    },
  );
