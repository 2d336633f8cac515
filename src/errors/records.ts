/** Exit 10: what Helm has stored of the release would stop the upgrade half-way, or its rollback. */

import type { UnservedObject } from "../domain/checks/unserved.ts";
import {
  type Command,
  type Hint,
  helm,
  hint,
  kubectl,
  runAgain,
  shell,
} from "../domain/hints/hint.ts";
import { shellQuote } from "../domain/hints/operator-commands.ts";
import type { FlawedRecord } from "../domain/release/record-flaw.ts";
import { type ReleaseRef, releaseSecretName } from "../domain/release/release.ts";
import { describeRecord } from "../words/release/record-flaw.ts";
import { operatorError } from "./operator-error.ts";

/** What to do about one of them. */
export const recordHint = ({ namespace }: ReleaseRef, { kind, name, flaw }: FlawedRecord): Hint => {
  const object = [kind.toLowerCase(), name, "-n", namespace];
  if (flaw._tag === "Mislabelled") {
    const labels = flaw.labels.map(({ label, record }) => `${label}=${record}`);
    return hint("Label it as what it is:", kubectl("label", "--overwrite", ...object, ...labels));
  }
  return hint(
    "Keep a copy of it, then remove it; Helm goes on from the revisions that are left:",
    { tool: "shell", steps: [kubectl("get", ...object, "-o", "yaml")], saveAs: `${name}.yaml` },
    kubectl("delete", ...object),
  );
};

/** Helm would pass them over, upgrade from something else, or be unable to write its next record. */
export class RecordsDamaged extends operatorError<{
  readonly release: ReleaseRef;
  readonly records: ReadonlyArray<FlawedRecord>;
}>()("RecordsDamaged", {
  exitCode: 10,
  what: ({ release, records }) =>
    records.length === 1
      ? `Helm's record of revision ${records[0]?.revision} of release ${release.name} is damaged`
      : `${records.length} of Helm's records of release ${release.name} are damaged`,
  why: ({ release, records }) => records.map((record) => describeRecord(release.namespace, record)),
  hints: ({ release, records }) => [
    ...records.map((record) => recordHint(release, record)),
    runAgain,
  ],
}) {}

const describeUnserved = ({ kind, name, apiVersion, revision }: UnservedObject): string =>
  `${kind} ${name} in the stored manifest of revision ${revision} is ${apiVersion}, which this cluster no longer serves`;

const SED = (from: string, to: string): string =>
  `s#\\([^a-z0-9.]\\)${from.replaceAll(".", "\\.")}\\([^a-z0-9]\\)#\\1${to}\\2#g`;

/** Rewrites the stored record without any tool but kubectl and those of every shell. */
const rewrite = (
  { release, recordKind }: { readonly release: ReleaseRef; readonly recordKind: string },
  revision: number,
  renames: ReadonlyMap<string, string>,
): Command => {
  const object = [
    recordKind.toLowerCase(),
    releaseSecretName(release, revision),
    "-n",
    release.namespace,
  ];
  // What a Secret holds is encoded once more.
  const isSecret = recordKind === "Secret";
  const decoded = `{{.data.release|base64decode${isSecret ? "|base64decode" : ""}}}`;
  const expressions = [...renames].flatMap(([from, to]) => ["-e", shellQuote(SED(from, to))]);
  const encode = "base64 | tr -d '\\n'";
  return shell(
    kubectl("get", ...object, "-o", `go-template=${decoded}`),
    "gunzip",
    `sed ${expressions.join(" ")}`,
    "gzip -9",
    encode,
    ...(isSecret ? [encode] : []),
    `sed 's/.*/{"data":{"release":"&"}}/'`,
    kubectl("patch", ...object, "--type=merge", "--patch-file=/dev/stdin"),
  );
};

/** Helm builds every object of the revision it upgrades from, and of the one it rolls back to, and stops at what it cannot. */
export class StoredApisGone extends operatorError<{
  readonly release: ReleaseRef;
  /** What Helm keeps its records in. */
  readonly recordKind: string;
  readonly objects: ReadonlyArray<UnservedObject>;
}>()("StoredApisGone", {
  exitCode: 10,
  what: ({ release }) =>
    `release ${release.name} was installed with APIs that this cluster no longer serves: Helm cannot upgrade from it`,
  why: ({ objects }) => objects.map(describeUnserved),
  hints: (stored) => {
    const { release, objects } = stored;
    const byRevision = [...Map.groupBy(objects, ({ revision }) => revision)];
    const known = byRevision.flatMap(([revision, some]) => {
      const renames = new Map(
        some.flatMap(({ apiVersion, replacement }) =>
          replacement === undefined ? [] : [[apiVersion, replacement] as const],
        ),
      );
      return some.every(({ replacement }) => replacement !== undefined)
        ? [rewrite(stored, revision, renames)]
        : [];
    });
    return [
      known.length === byRevision.length
        ? hint("Write what took their place into the stored record:", ...known)
        : hint(
            "Rewrite the stored record with Helm's plugin for that:",
            helm("plugin", "install", "https://github.com/helm/helm-mapkubeapis"),
            helm("mapkubeapis", release.name, "--namespace", release.namespace),
          ),
      runAgain,
    ];
  },
}) {}
