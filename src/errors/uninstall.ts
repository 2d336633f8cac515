/** Errors of an uninstallation. */

import { resourceWord } from "../domain/crds/view.ts";
import { type Hint, hint, kubectl, runAgain, tare } from "../domain/hints/hint.ts";
import { type ObjectRef, showRef } from "../domain/kube/objects.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import type { Unrecorded } from "../domain/release/unrecorded.ts";
import type { UninstallTrouble } from "../domain/uninstall/outcome.ts";
import type { UninstallDecision } from "../domain/uninstall/state.ts";
import { describeUninstallTrouble, describeUser } from "../words/uninstall/words.ts";
import { historyHint, operatorError } from "./operator-error.ts";
import { describeUnrecorded, unrecordedHints } from "./unrecorded.ts";

type Refusal = Extract<
  UninstallDecision,
  { readonly _tag: "OtherChart" | "OtherStorage" | "Kept" | "Used" }
>;

const asUnrecorded = (
  refusal: Extract<Refusal, { readonly _tag: "Kept" | "OtherStorage" }>,
): Unrecorded =>
  refusal._tag === "OtherStorage"
    ? refusal
    : { _tag: "Live", keeper: refusal.keeper, deployments: refusal.deployments };

const whyRefused = (release: ReleaseRef, refusal: Refusal): ReadonlyArray<string> => {
  switch (refusal._tag) {
    case "OtherChart":
      return [`release ${release.name} was installed from chart ${refusal.chart}`];
    case "OtherStorage":
    case "Kept":
      return [describeUnrecorded(release, asUnrecorded(refusal))];
    case "Used":
      return [
        ...refusal.users.map(describeUser),
        "they would no longer be served; --force does not delete them either",
      ];
  }
};

const lookAt = ({ type, name, namespace }: ObjectRef): Hint =>
  hint(
    `Look at ${showRef({ type, name, ...(namespace === undefined ? {} : { namespace }) })}:`,
    kubectl(
      ...["get", type.group === "" ? type.plural : resourceWord(type), name],
      ...(namespace === undefined ? [] : ["-n", namespace]),
      ...["-o", "yaml"],
    ),
  );

const hintsOnRefusal = (release: ReleaseRef, refusal: Refusal): ReadonlyArray<Hint> => {
  switch (refusal._tag) {
    case "OtherChart":
      return [historyHint(release)];
    case "OtherStorage":
    case "Kept":
      return unrecordedHints(release, asUnrecorded(refusal));
    case "Used":
      return [
        hint("Uninstall all the same:", tare("uninstall", { after: ["--force"] })),
        ...refusal.users.slice(0, 1).map(({ object }) => lookAt(object)),
      ];
  }
};

/** Exit 10: nothing was written. */
export class UninstallRefused extends operatorError<{
  readonly release: ReleaseRef;
  readonly refusal: Refusal;
}>()("UninstallRefused", {
  exitCode: 10,
  what: ({ release, refusal }) =>
    refusal._tag === "Used"
      ? `others use release ${release.name}`
      : `release ${release.name} in ${release.namespace} is not to be uninstalled by tare`,
  why: ({ release, refusal }) => whyRefused(release, refusal),
  hints: ({ release, refusal }) => hintsOnRefusal(release, refusal),
}) {}

/** Exit 13: a release is not removed while another Helm process changes it. */
export class HelmAtWork extends operatorError<{
  readonly release: ReleaseRef;
  /** How it came to be like that, a line each. */
  readonly story: ReadonlyArray<string>;
}>()("HelmAtWork", {
  exitCode: 13,
  what: ({ release }) =>
    `another Helm process is changing release ${release.name} in ${release.namespace}`,
  why: ({ story }) => story,
  hints: ({ release }) => [historyHint(release), runAgain],
}) {}

/** Exit 21: something of the release is left; the same command goes on from there. */
export class UninstallFailed extends operatorError<{
  readonly release: ReleaseRef;
  readonly trouble: UninstallTrouble;
}>()("UninstallFailed", {
  exitCode: 21,
  what: ({ release }) =>
    `release ${release.name} could not be uninstalled: something of it is left`,
  why: ({ trouble }) => describeUninstallTrouble(trouble),
  hints: ({ trouble }) => [
    ...(trouble._tag === "ObjectsLeft"
      ? trouble.objects.slice(0, 1).map(({ object }) => lookAt(object))
      : []),
    runAgain,
  ],
}) {}
