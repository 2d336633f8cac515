/** Exit 14 and 15, and the rights it takes: the CRDs. */
import type { CrdRefusal, CrdWriteFailure } from "../domain/crds/refusal.ts";
import {
  type Command,
  type CommandLine,
  type Hint,
  hint,
  kubectl,
  runAgain,
  tare,
} from "../domain/hints/hint.ts";
import { CRDS_LOCK, leaseName } from "../domain/lock/lease.ts";
import { describeObjection, describeWriteFailure } from "../words/crds/objections.ts";
import { crdRemedy, type Remedy } from "../words/crds/remedies.ts";
import { describeHeld } from "../words/lock/holder.ts";
import { operatorError } from "./operator-error.ts";

/** As the API server names them; a service account is a user too. */
const deniedUsers = (
  missing: ReadonlyArray<{ readonly detail: string }>,
): ReadonlyArray<string> => [
  ...new Set(
    missing.flatMap(({ detail }) =>
      [...detail.matchAll(/User "([^"]+)"/g)].map(([, user = ""]) => user),
    ),
  ),
];

const LOCK_ROLE = "tare-crds-lock";
/** Apart, since a right to create cannot be given for one name. */
const LOCK_CREATOR = "tare-crds-lock-create";

const lockRole = (name: string, ...rule: ReadonlyArray<string>) =>
  kubectl(
    "create",
    "role",
    name,
    ...rule,
    "--resource=leases.coordination.k8s.io",
    "-n",
    CRDS_LOCK.namespace,
  );

/** The account is not allowed to do to CRDs what an upgrade has to. Nothing was changed. */
export class CrdRightsMissing extends operatorError<{
  readonly missing: ReadonlyArray<{ readonly doing: string; readonly detail: string }>;
}>()("CrdRightsMissing", {
  exitCode: 10,
  what: ({ missing }) =>
    `this account is not allowed to ${[...new Set(missing.map(({ doing }) => doing))].join(", nor ")}; no CRD was written`,
  why: ({ missing }) => missing.map(({ detail }) => detail),
  hints: ({ missing }) => [
    hint("See what it may do:", kubectl("auth", "can-i", "--list", "-n", CRDS_LOCK.namespace)),
    hint(
      "An administrator grants what is missing, and binds it to the account:",
      kubectl(
        "create",
        "clusterrole",
        "tare-crds",
        "--verb=get,list,create,patch",
        "--resource=customresourcedefinitions.apiextensions.k8s.io",
      ),
      // The controllers of the cluster keep their own Leases there: no more than this one is needed.
      lockRole(LOCK_ROLE, "--verb=get,update", `--resource-name=${leaseName(CRDS_LOCK)}`),
      lockRole(LOCK_CREATOR, "--verb=create"),
      ...deniedUsers(missing).flatMap((user) => [
        kubectl(
          "create",
          "clusterrolebinding",
          "tare-crds",
          "--clusterrole=tare-crds",
          `--user=${user}`,
        ),
        ...[LOCK_ROLE, LOCK_CREATOR].map((role) =>
          kubectl(
            "create",
            "rolebinding",
            role,
            `--role=${role}`,
            `--user=${user}`,
            "-n",
            CRDS_LOCK.namespace,
          ),
        ),
      ]),
    ),
    runAgain,
  ],
}) {}

/** CRDs belong to the whole cluster: another run is changing them, perhaps for another release. */
export class CrdsLocked extends operatorError<{
  readonly holder: string;
  readonly since: string | undefined;
}>()("CrdsLocked", {
  exitCode: 13,
  what: () => "another run is changing the CRDs of this cluster; no CRD was written",
  why: ({ holder, since }) => [describeHeld(holder, since)],
  hints: () => [
    hint(
      "See who holds it:",
      kubectl("get", "lease", leaseName(CRDS_LOCK), "-n", CRDS_LOCK.namespace),
    ),
    runAgain,
  ],
}) {}

/** A word that no shell touches, in the place of the CRD's name. */
const ANY_CRD = "tare-any-crd";
/** Two can still be read one by one. */
const MANY = 3;

/** The remedy as it would be of any CRD, where its commands name the CRD by words of their own. */
const ofAny = (refusal: CrdRefusal): Remedy => {
  const { crd } = refusal;
  const remedy = crdRemedy(refusal);
  const word = (text: string): string => (text === crd ? ANY_CRD : text);
  return {
    title: remedy.title,
    commands: remedy.commands.map(({ words, into, ...command }) => ({
      ...command,
      words: words.map(word),
      ...(into === undefined ? {} : { into: into.map(word) }),
    })),
  };
};

const namesAny = ({ words, into = [] }: CommandLine): boolean =>
  [...words, ...into].some((word) => word.includes(ANY_CRD));

const named = ({ words, into, ...command }: CommandLine, name: string): CommandLine => {
  const word = (text: string): string => text.replaceAll(ANY_CRD, name);
  return {
    ...command,
    words: words.map(word),
    ...(into === undefined ? {} : { into: into.map(word) }),
  };
};

/** What is the same for many is said once, with a loop over their names. */
const remedyHints = (refusals: ReadonlyArray<CrdRefusal>): ReadonlyArray<Hint> => {
  const groups = new Map<string, { readonly remedy: Remedy; readonly crds: Array<string> }>();
  for (const refusal of refusals) {
    const remedy = ofAny(refusal);
    const key = JSON.stringify(remedy);
    const group = groups.get(key) ?? { remedy, crds: [] };
    if (!group.crds.includes(refusal.crd)) group.crds.push(refusal.crd);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ remedy, crds }): ReadonlyArray<Hint> => {
    const { commands } = remedy;
    if (crds.length < MANY || !commands.every(namesAny)) {
      return crds.map((crd) =>
        hint(`${crd}: ${remedy.title}`, ...commands.map((command) => named(command, crd))),
      );
    }
    const loop = (command: CommandLine): Command => ({
      tool: "loop",
      variable: "crd",
      over: crds,
      name: ANY_CRD,
      command,
    });
    return [hint(`The same for ${crds.length} CRDs: ${remedy.title}`, ...commands.map(loop))];
  });
};

export class CrdsRefused extends operatorError<{
  readonly refusals: ReadonlyArray<CrdRefusal>;
}>()("CrdsRefused", {
  exitCode: 14,
  what: ({ refusals }) => {
    const count = new Set(refusals.map(({ crd }) => crd)).size;
    return `${count} ${count === 1 ? "CRD was" : "CRDs were"} refused; no CRD was written`;
  },
  why: ({ refusals }) => refusals.map((refusal) => `${refusal.crd}: ${describeObjection(refusal)}`),
  hints: ({ refusals }) => [...remedyHints(refusals), runAgain],
}) {}

export class CrdsIncomplete extends operatorError<{
  readonly failures: ReadonlyArray<{ readonly crd: string; readonly reason: CrdWriteFailure }>;
  readonly written: number;
  readonly backup: string | undefined;
}>()("CrdsIncomplete", {
  exitCode: 15,
  what: ({ failures, written }) =>
    `${failures.length} of the CRDs could not be written (${written} were); Helm was not started`,
  why: ({ failures }) =>
    failures.map(({ crd, reason }) => `${crd}: ${describeWriteFailure(reason)}`),
  hints: ({ backup }) => [
    ...(backup === undefined
      ? []
      : [hint("Compare with the backup:", kubectl("diff", "-f", backup))]),
    hint("The next run completes them:", tare("same")),
  ],
}) {}

/** Live CRDs could not be saved, so none was changed. */
export class CrdBackupFailed extends operatorError<{ readonly detail: string }>()(
  "CrdBackupFailed",
  {
    exitCode: 14,
    what: () => "the live CRDs could not be saved before changing them; no CRD was written",
    why: ({ detail }) => [detail],
    hints: () => [hint("Free disk space or fix the folder, then run:", tare("same"))],
  },
) {}
