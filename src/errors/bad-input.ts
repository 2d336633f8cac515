/** Exit 2: what the run was given cannot be used. */
import { again, helm, hint } from "../domain/hints/hint.ts";
import type { ReleaseRef } from "../domain/release/release.ts";
import { operatorError } from "./operator-error.ts";

/** The identity file is missing, unreadable, not JSON, or has fields that are wrong. */
export class InvalidIdentity extends operatorError<{
  readonly file: string;
  readonly problems: ReadonlyArray<string>;
}>()("InvalidIdentity", {
  exitCode: 2,
  what: ({ file }) => `identity file ${file} cannot be used`,
  why: ({ problems }) => problems,
  hints: () => [hint("Fetch the service account file again from the dashboard, then:", again)],
}) {}

/** A flag, or two of them together, that make no sense. */
export class InvalidFlag extends operatorError<{
  readonly flag: string;
  readonly expected: string;
}>()("InvalidFlag", {
  exitCode: 2,
  what: ({ flag }) => `invalid value for --${flag}`,
  why: ({ expected }) => [expected],
  hints: () => [hint("See the flags:", { tool: "help" })],
}) {}

/** `--keep` names what the release has no value for. */
export class NothingToKeep extends operatorError<{
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly paths: ReadonlyArray<string>;
}>()("NothingToKeep", {
  exitCode: 2,
  what: ({ release, revision }) =>
    `release ${release.name} (revision ${revision}) has no value to keep there`,
  why: ({ paths }) => paths.map((path) => `--keep ${path}: nothing was supplied at that path`),
  hints: ({ release, revision }) => [
    hint(
      "See what was supplied:",
      helm(
        ...["get", "values", release.name, "-n", release.namespace],
        ...["--revision", String(revision)],
      ),
    ),
  ],
}) {}

/** The values stored in the release cannot be carried forward as they are. */
export class InvalidStoredValues extends operatorError<{
  readonly release: ReleaseRef;
  readonly revision: number;
  readonly problems: ReadonlyArray<string>;
}>()("InvalidStoredValues", {
  exitCode: 2,
  what: ({ release, revision }) =>
    `the stored values of release ${release.name} (revision ${revision}) cannot be carried forward`,
  why: ({ problems }) => problems,
  hints: ({ release, revision }) => [
    hint(
      "Look at them:",
      helm("get", "values", release.name, "-n", release.namespace, "--revision", String(revision)),
    ),
  ],
}) {}
