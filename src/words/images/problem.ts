import type { ImageProblem, ImageTrouble } from "../../domain/images/problem.ts";

const WORDS: Readonly<Record<ImageTrouble, string>> = {
  denied: "this account may not do that, or nobody is logged in",
  "no-repository": "there is no such repository, and pushing does not make it",
  "no-image": "there is no such image",
  "other-image": "the tag holds another image",
  immutable: "the registry does not let the tag be moved",
  "rate-limited": "the registry wants no more requests for now",
  unreachable: "the registry does not answer",
  failed: "the copy failed",
};

/** On one line, the registry's own words at its end. */
export const describeImageProblem = ({ trouble, reference, detail }: ImageProblem): string =>
  `${reference}: ${WORDS[trouble]}${detail === "" ? "" : ` (${detail})`}`;
