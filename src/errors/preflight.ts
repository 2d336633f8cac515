/** Exit 10: something stands in the way, and nothing was changed. */
import { kubectlCommand, tareCommand } from "../domain/operator-commands.ts";
import type { Hint } from "../domain/report.ts";
import { hint, operatorError, runAgain } from "./operator-error.ts";

/** Everything that stands in the way, found in one go. */
export class PreflightFailed extends operatorError<{
  readonly problems: ReadonlyArray<{ readonly problem: string; readonly remedy?: Hint }>;
}>()("PreflightFailed", {
  exitCode: 10,
  what: ({ problems }) =>
    problems.length === 1 ? "preflight failed" : `preflight failed: ${problems.length} problems`,
  why: ({ problems }) => problems.map(({ problem }) => problem),
  hints: ({ problems }, env) => [
    ...problems.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])),
    hint("Once that is fixed, run the upgrade again:", tareCommand(env, "upgrade")),
  ],
}) {}

/** A tool or the API server stopped answering after the preflight, or the preflight was skipped. Nothing was changed. */
export class ClusterUnavailable extends operatorError<{
  readonly doing: string;
  readonly detail: string;
}>()("ClusterUnavailable", {
  exitCode: 10,
  what: ({ doing }) => `could not ${doing}`,
  why: ({ detail }) => [detail],
  hints: (_, env) => [
    hint("Check the connection:", kubectlCommand(env, "cluster-info")),
    runAgain(env),
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
  hints: ({ live }, env) => [
    hint(
      "Pass the namespace it lives in:",
      tareCommand(env, "upgrade", { after: ["--dataplane-namespace", live] }),
    ),
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
  hints: ({ keepWith }, env) =>
    keepWith.length === 0
      ? [hint("Accept the loss by leaving --strict-values out:", tareCommand(env, "upgrade"))]
      : [
          hint(
            "Keep what a flag can keep:",
            tareCommand(env, "upgrade", {
              after: [...keepWith.flatMap((flag) => flag.split(" ")), "--strict-values"],
            }),
          ),
        ],
}) {}
