/** Errors of images that are to be in a registry of one's own. */
import { hint, runOnceFixed, shell } from "../domain/hints/hint.ts";
import { shellQuote } from "../domain/hints/operator-commands.ts";
import type { ImageProblem } from "../domain/images/problem.ts";
import type { SyncRequest } from "../domain/images/request.ts";
import { describeImageProblem } from "../words/images/problem.ts";
import { imageRemedies } from "../words/images/remedy.ts";
import { toolRemedy } from "../words/tools/remedy.ts";
import { operatorError } from "./operator-error.ts";

const syncWords = ({ registry, words }: SyncRequest): ReadonlyArray<string> => [
  ...["tare", "images", "sync", registry],
  ...words,
];

const images = (count: number): string => (count === 1 ? "1 image" : `${count} images`);

/** Exit 10: nothing was copied; every problem is listed. */
export class ImagesRefused extends operatorError<{
  readonly request: SyncRequest;
  readonly problems: ReadonlyArray<ImageProblem>;
}>()("ImagesRefused", {
  exitCode: 10,
  what: ({ request, problems }) =>
    `${images(problems.length)} cannot be brought to ${request.registry}; nothing was copied`,
  why: ({ problems }) => problems.map(describeImageProblem),
  hints: ({ request, problems }) => [...imageRemedies(problems, syncWords(request)), runOnceFixed],
}) {}

/** Exit 31: some are there now, and the same command brings the others. */
export class ImagesIncomplete extends operatorError<{
  readonly request: SyncRequest;
  readonly copied: number;
  readonly problems: ReadonlyArray<ImageProblem>;
}>()("ImagesIncomplete", {
  exitCode: 31,
  what: ({ request, copied, problems }) =>
    `${images(problems.length)} could not be copied to ${request.registry}; ${copied} ${copied === 1 ? "was" : "were"} copied`,
  why: ({ problems }) => problems.map(describeImageProblem),
  hints: ({ request, problems }) => [...imageRemedies(problems, syncWords(request)), runOnceFixed],
}) {}

/** Exit 31: a look at the registry found some missing, or others under their tags. */
export class ImagesNotThere extends operatorError<{
  readonly request: SyncRequest;
  readonly problems: ReadonlyArray<ImageProblem>;
}>()("ImagesNotThere", {
  exitCode: 31,
  what: ({ request, problems }) =>
    `${images(problems.length)} of the chart ${problems.length === 1 ? "is" : "are"} not in ${request.registry} as ${problems.length === 1 ? "it" : "they"} should be`,
  why: ({ problems }) => problems.map(describeImageProblem),
  hints: ({ request }) => [
    hint("Bring them there:", shell(syncWords(request).map(shellQuote).join(" "))),
  ],
}) {}

/** Exit 10: what copies images can be had nowhere. */
export class CopierUnavailable extends operatorError<{ readonly cause: string }>()(
  "CopierUnavailable",
  {
    exitCode: 10,
    what: () => "crane, which copies the images, cannot be used",
    why: ({ cause }) => [cause],
    hints: () => [toolRemedy("crane")],
  },
) {}
