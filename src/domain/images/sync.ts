/** What is to be done about each image: decided from what the registries say of both ends, before anything is copied. */
import type { ImageCopy } from "./image.ts";
import { type ImageProblem, isAbsence } from "./problem.ts";

/** What a registry says of a name. */
export type Look =
  | { readonly _tag: "There"; readonly digest: string }
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Unknown"; readonly problem: ImageProblem };

interface LookedAt {
  readonly image: ImageCopy;
  readonly source: Look;
  readonly target: Look;
}

/** Where an image stands. Digests are those of the index: every platform, and what is attached to them. */
type ImageState =
  | { readonly _tag: "Present"; readonly digest: string }
  /** It is there, and its source cannot be asked whether it is the same. */
  | { readonly _tag: "Uncompared"; readonly digest: string }
  | { readonly _tag: "Missing"; readonly digest: string }
  | { readonly _tag: "Other"; readonly digest: string; readonly found: string }
  | { readonly _tag: "Problem"; readonly problem: ImageProblem };

export interface ImageStanding {
  readonly image: ImageCopy;
  readonly state: ImageState;
}

const problem = (found: ImageProblem): ImageState => ({ _tag: "Problem", problem: found });

const stateOf = ({ image, source, target }: LookedAt): ImageState => {
  if (target._tag === "Unknown") return problem(target.problem);
  if (target._tag === "Absent") {
    switch (source._tag) {
      case "There":
        return { _tag: "Missing", digest: source.digest };
      case "Absent":
        return problem({ trouble: "no-image", reference: image.source, detail: "" });
      case "Unknown":
        return problem(source.problem);
    }
  }
  if (source._tag !== "There") return { _tag: "Uncompared", digest: target.digest };
  return source.digest === target.digest
    ? { _tag: "Present", digest: source.digest }
    : { _tag: "Other", digest: source.digest, found: target.digest };
};

export const standingOf = (looked: LookedAt): ImageStanding => ({
  image: looked.image,
  state: stateOf(looked),
});

/** An image that is to be copied. */
export interface Wanted {
  readonly image: ImageCopy;
  readonly digest: string;
}

/** Those that have to be copied; with `overwrite` also where the tag holds another image. */
export const wantedOf = (
  standings: ReadonlyArray<ImageStanding>,
  overwrite: boolean,
): ReadonlyArray<Wanted> =>
  standings.flatMap(({ image, state }) =>
    state._tag === "Missing" || (state._tag === "Other" && overwrite)
      ? [{ image, digest: state.digest }]
      : [],
  );

/** What stands in the way before anything is copied, all of it. */
export const problemsOf = (
  standings: ReadonlyArray<ImageStanding>,
  overwrite: boolean,
): ReadonlyArray<ImageProblem> =>
  standings.flatMap(({ image, state }) => {
    if (state._tag === "Problem") return [state.problem];
    if (state._tag !== "Other" || overwrite) return [];
    const detail = `${state.found}, not ${state.digest}`;
    return [{ trouble: "other-image" as const, reference: image.target, detail }];
  });

/** What a push that is begun and not ended meets; of a name that is not there, its repository is what is missing. */
export const pushProblem = (found: ImageProblem): ImageProblem =>
  isAbsence(found.trouble) ? { ...found, trouble: "no-repository" } : found;
