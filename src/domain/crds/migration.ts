/** Storage versions: what the API server demands before one may go. */
import { type CommandLine, kubectl, piped } from "../hints/hint.ts";
import { type CrdView, resourceWord, servedVersions, storageVersion } from "./view.ts";

/** Versions in which objects may be stored and which `next` does not have: the API server refuses such a CRD. */
export const lostStoredVersions = (
  stored: ReadonlyArray<string>,
  next: CrdView,
): ReadonlyArray<string> =>
  stored.filter((version) => !next.versions.some(({ name }) => name === version));

/** Writes every object again, which stores it in the storage version, then forgets the versions not in use any more. */
const rewrite = (live: CrdView, version: string): ReadonlyArray<CommandLine> => {
  const all = live.scope === "Namespaced" ? ["-A"] : [];
  return [
    piped(["get", resourceWord(live, version), ...all, "-o", "json"], ["replace", "-f", "-"]),
    kubectl(
      "patch",
      "crd",
      live.name,
      "--subresource=status",
      "--type=merge",
      "-p",
      JSON.stringify({ status: { storedVersions: [version] } }),
    ),
  ];
};

/** Makes `version` the one that objects are stored in, before they are written again. */
const makeStorage = (live: CrdView, version: string): ReadonlyArray<CommandLine> => {
  const operations = live.versions.flatMap(({ name, storage }, index) => {
    const wanted = name === version;
    return storage === wanted
      ? []
      : [{ op: "replace", path: `/spec/versions/${index}/storage`, value: wanted }];
  });
  return operations.length === 0
    ? []
    : [kubectl("patch", "crd", live.name, "--type=json", "-p", JSON.stringify(operations))];
};

/**
 * The storage migration that lets `next` replace `live`. None when the two have no served version in common: then
 * objects have to be taken out and put back by hand.
 */
export const migrationSteps = (live: CrdView, next: CrdView): ReadonlyArray<CommandLine> => {
  const common = servedVersions(live).filter((version) =>
    next.versions.some(({ name }) => name === version),
  );
  const preferred = storageVersion(next);
  const target = preferred !== undefined && common.includes(preferred) ? preferred : common.at(-1);
  return target === undefined ? [] : [...makeStorage(live, target), ...rewrite(live, target)];
};
