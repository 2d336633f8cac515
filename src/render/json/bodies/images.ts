import type { ImageEvent } from "../../../domain/images/events.ts";
import type { ImageStanding } from "../../../domain/images/sync.ts";
import { describeImageProblem } from "../../../words/images/problem.ts";
import { type Body, member } from "./body.ts";

const STATES = {
  Present: "present",
  Uncompared: "uncompared",
  Missing: "missing",
  Other: "other",
  Problem: "problem",
} as const;

const standingBody = ({ image, state }: ImageStanding) => ({
  source: image.source,
  target: image.target,
  state: STATES[state._tag],
  ...member("digest", state._tag === "Problem" ? undefined : state.digest),
  ...member("found", state._tag === "Other" ? state.found : undefined),
  ...member("problem", state._tag === "Problem" ? describeImageProblem(state.problem) : undefined),
});

export const imageBody = (event: ImageEvent): Body => {
  switch (event._tag) {
    case "ImagesListed": {
      const { origin: chart, version, references: images } = event;
      return { type: "images-listed", chart, version, images };
    }
    case "ImagesLookedAt": {
      const { registry, purpose, standings } = event;
      return { type: "images-looked-at", registry, purpose, images: standings.map(standingBody) };
    }
    case "ImageCopyStarted": {
      const { source, target } = event;
      return { type: "image", target, state: "copying", source };
    }
    case "ImageCopyGoesOn": {
      const { target, millis: durationMillis } = event;
      return { type: "image", target, state: "copying", durationMillis };
    }
    case "ImageCopied": {
      const { target, digest, millis: durationMillis } = event;
      return { type: "image", target, state: "copied", digest, durationMillis };
    }
    case "ImageNotCopied": {
      const { problem } = event;
      return {
        ...{ type: "image", target: problem.reference, state: "failed" },
        why: describeImageProblem(problem),
      };
    }
    case "ImagesSynced": {
      const { registry, copied, present } = event;
      return { type: "images-synced", registry, copied, present };
    }
  }
};
