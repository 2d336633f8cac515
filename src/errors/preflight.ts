/** Exit 10: something stands in the way, and nothing was changed. */

import type { PreflightProblem } from "../domain/checks/problem.ts";
import type { ReachChange } from "../domain/checks/reach.ts";
import type { TakenFields } from "../domain/fields/taken-fields.ts";
import {
  again,
  type Hint,
  helm,
  hint,
  kubectl,
  runAgain,
  runOnceFixed,
  tare,
} from "../domain/hints/hint.ts";
import type { JsonObject } from "../domain/kube/json.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import { problemLines, problemRemedies } from "../words/checks/problems.ts";
import { historyHint, operatorError } from "./operator-error.ts";

/** Everything that stands in the way, found in one go. */
export class PreflightFailed extends operatorError<{
  readonly problems: ReadonlyArray<PreflightProblem>;
}>()("PreflightFailed", {
  exitCode: 10,
  what: ({ problems }) => {
    const count = problems.flatMap(problemLines).length;
    return count === 1 ? "preflight failed" : `preflight failed: ${count} problems`;
  },
  why: ({ problems }) => problems.flatMap(problemLines),
  hints: ({ problems }) => [...problems.flatMap(problemRemedies), runOnceFixed],
}) {}

const TURNED_AWAY: ReadonlyArray<readonly [RegExp, Hint]> = [
  [
    /admission webhook|ValidatingAdmissionPolicy|denied (?:the )?request/i,
    hint(
      "See which policies the cluster has:",
      kubectl(
        "get",
        "validatingadmissionpolicies,validatingwebhookconfigurations,mutatingwebhookconfigurations",
      ),
    ),
  ],
  [
    /exceeded quota|failed quota/i,
    hint("See what the quota allows:", kubectl("get", "resourcequotas", "--all-namespaces")),
  ],
  [
    /\bforbidden\b|may not|not allowed to|cannot (?:get|list|watch|create|patch|update|delete)/i,
    hint("See what this account may do:", kubectl("auth", "can-i", "--list")),
  ],
  [
    /\b429\b|too many requests/i,
    hint(
      "The API server is busy; see its limits on requests:",
      kubectl("get", "prioritylevelconfigurations,flowschemas"),
    ),
  ],
];

/** Where to look, by what the server said: an answer is no trouble with the connection. */
const causeHint = (detail: string): Hint =>
  TURNED_AWAY.find(([words]) => words.test(detail))?.[1] ??
  hint("Check the connection:", kubectl("cluster-info"));

/** A tool or the API server stopped answering after the preflight, or the preflight was skipped. Nothing was changed. */
export class ClusterUnavailable extends operatorError<{
  readonly doing: string;
  readonly detail: string;
}>()("ClusterUnavailable", {
  exitCode: 10,
  what: ({ doing }) => `could not ${doing}`,
  why: ({ detail }) => [detail],
  hints: ({ detail }) => [causeHint(detail), runAgain],
}) {}

/** Gates, events and history come from Helm's records, and these are not in the cluster. */
export class RecordsElsewhere extends operatorError<{
  /** What `HELM_DRIVER` says. */
  readonly driver: string;
}>()("RecordsElsewhere", {
  exitCode: 10,
  what: ({ driver }) => `HELM_DRIVER=${driver}: Helm does not keep its records in the cluster`,
  why: () => [
    "tare reads them there (Secrets, or ConfigMaps with HELM_DRIVER=configmap): without them it cannot tell a good revision from a bad one",
  ],
  hints: () => [
    hint("Where the records are in the cluster after all, run it without HELM_DRIVER:", again),
  ],
}) {}

/** The release lives in another data-plane namespace: going on would build a second data plane and cut off the first. */
export class DataPlaneNamespaceMismatch extends operatorError<{
  readonly live: string;
  readonly requested: string;
}>()("DataPlaneNamespaceMismatch", {
  exitCode: 10,
  what: ({ live }) => `this release has its data plane in namespace ${live}`,
  why: ({ live, requested }) => [
    `upgrading with --dataplane-namespace ${requested} would build a second data plane there and cut off the one in ${live}`,
  ],
  hints: ({ live }) => [
    hint(
      "Pass the namespace it lives in:",
      tare("same", { after: ["--dataplane-namespace", live] }),
    ),
  ],
}) {}

/** The chart is older than what runs: its controllers might not know what newer ones wrote. */
export class DowngradeRefused extends operatorError<{
  readonly release: ReleaseRef;
  readonly fromVersion: string;
  readonly toVersion: string;
}>()("DowngradeRefused", {
  exitCode: 10,
  what: ({ release, fromVersion, toVersion }) =>
    `release ${release.name} runs ${fromVersion}, and ${toVersion} is older`,
  why: () => [
    "older controllers might not understand what newer ones wrote, and the CRDs would stay those of the newer version",
  ],
  hints: ({ release }) => [
    historyHint(release),
    hint(
      "To go back to a version this release had, roll back; to downgrade all the same:",
      tare("same", { after: ["--allow-downgrade"] }),
    ),
  ],
}) {}

/** Something else is installed under the release's name. */
export class ForeignChart extends operatorError<{
  readonly release: ReleaseRef;
  readonly installed: string;
  readonly chart: string;
}>()("ForeignChart", {
  exitCode: 10,
  what: ({ release, installed, chart }) =>
    `release ${release.name} in ${release.namespace} was installed from chart ${installed}, not ${chart}`,
  why: ({ installed, chart }) => [
    `upgrading it to chart ${chart} would delete everything that ${installed} consists of`,
  ],
  hints: ({ release }) => [
    historyHint(release),
    hint(
      "Find the release, and specify it with --release-name and --system-namespace:",
      helm("list", "--all-namespaces"),
    ),
  ],
}) {}

/** The data plane belongs to another workspace than the identity file. */
export class OtherWorkspace extends operatorError<{
  readonly release: ReleaseRef;
  readonly live: string;
  readonly given: string;
}>()("OtherWorkspace", {
  exitCode: 10,
  what: ({ live, given }) =>
    `the identity is for workspace ${given}, but this data plane belongs to ${live}`,
  why: () => ["with that identity it would report and authenticate to another workspace"],
  hints: ({ release }) => [
    hint(
      "Use the identity file of its own workspace. To move it permanently, delete the old identity first:",
      kubectl("delete", "secret", "tars-identity", "-n", release.namespace),
    ),
  ],
}) {}

const fieldLine = ({ kind, namespace, name, fields }: TakenFields): ReadonlyArray<string> =>
  fields.map(
    ({ path, owner }) =>
      `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}: ${path}, ${owner === undefined ? "removed by hand" : `set by ${owner}`}`,
  );

/** `--on-conflict=refuse`: the upgrade would change what others set on the cluster. */
export class FieldsOwnedByOthers extends operatorError<{
  readonly taken: ReadonlyArray<TakenFields>;
}>()("FieldsOwnedByOthers", {
  exitCode: 10,
  what: () => "the upgrade would change fields that others set (--on-conflict=refuse)",
  why: ({ taken }) => taken.flatMap(fieldLine),
  hints: () => [
    hint("See the old and new values:", tare("same", { after: ["--on-conflict=take", "--plan"] })),
    hint("Change them all the same:", tare("same", { after: ["--on-conflict=take"] })),
  ],
}) {}

const reachLine = ({ kind, namespace, name, path, before, after }: ReachChange): string => {
  const object = `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  return path === undefined
    ? `${object} would be deleted`
    : `${object}: ${path}: ${before?.text ?? "(none)"} → ${after?.text ?? "(none)"}`;
};

/** Clients would have to look for the data plane elsewhere, which was not asked for. */
export class ReachWouldChange extends operatorError<{
  readonly changes: ReadonlyArray<ReachChange>;
  /** Flags that keep all of it as it is; empty where no value can. */
  readonly keepWith: ReadonlyArray<string>;
  /** The same as values, where they are no stored ones. */
  readonly values: JsonObject | undefined;
}>()("ReachWouldChange", {
  exitCode: 10,
  what: () => "the upgrade would change how clients reach the data plane, which nothing asked for",
  why: ({ changes }) => changes.map(reachLine),
  hints: ({ keepWith, values }) => [
    ...(keepWith.length > 0
      ? [hint("Keep it as it is:", tare("same", { after: keepWith }))]
      : values === undefined
        ? []
        : [
            hint(
              "Keep it as it is:",
              tare("same", { after: ["--values", JSON.stringify(values)] }),
            ),
          ]),
    hint("Or change it, and clients with it:", tare("same", { after: ["--allow-reach-change"] })),
  ],
}) {}

/** `--strict-values`: some user-supplied values would not survive. */
export class ValuesWouldBeLost extends operatorError<{
  readonly lost: ReadonlyArray<string>;
  readonly keepWith: ReadonlyArray<string>;
}>()("ValuesWouldBeLost", {
  exitCode: 10,
  what: ({ lost }) =>
    `${lost.length} user-supplied ${lost.length === 1 ? "value" : "values"} would be lost (--strict-values)`,
  why: ({ lost }) => lost,
  hints: ({ keepWith }) => [
    hint(
      "Keep them:",
      tare("same", {
        after: [...keepWith.flatMap((flag) => flag.split(" ")), "--strict-values"],
      }),
    ),
    hint("Or accept the loss:", tare("same", { after: ["--strict-values=false"] })),
  ],
}) {}
