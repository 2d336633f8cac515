import { Duration } from "effect";
import type { ImageEvent } from "../../../domain/images/events.ts";
import type { ImageStanding } from "../../../domain/images/sync.ts";
import { formatGoDuration } from "../../../domain/text/go-duration.ts";
import { describeImageProblem } from "../../../words/images/problem.ts";

type LookedAt = Extract<ImageEvent, { readonly _tag: "ImagesLookedAt" }>;

/** Enough of a digest to tell two of them apart. */
const short = (digest: string): string => digest.slice(0, "sha256:".length + 12);

const standingLine = ({ image, state }: ImageStanding, { overwrite }: LookedAt): string => {
  const { source, target } = image;
  switch (state._tag) {
    case "Present":
      return `${target}  there (${short(state.digest)})`;
    case "Uncompared":
      return `${target}  there (${short(state.digest)}); ${source} cannot be asked whether it is the same`;
    case "Missing":
      return `${source} → ${target}  to copy (${short(state.digest)})`;
    case "Other":
      return `${source} → ${target}  ${overwrite ? "to replace" : "another image is there"} (${short(state.found)}, not ${short(state.digest)})`;
    case "Problem":
      return describeImageProblem(state.problem);
  }
};

const images = (count: number): string => (count === 1 ? "1 image" : `${count} images`);

const lookedAtLines = (event: LookedAt): ReadonlyArray<string> => {
  const { standings, registry, purpose } = event;
  if (purpose !== "sync") return standings.map((standing) => standingLine(standing, event));
  const there = standings.filter(({ state }) => ["Present", "Uncompared"].includes(state._tag));
  return [
    `${images(standings.length)} for ${registry}, ${there.length} there already`,
    ...there
      .filter(({ state }) => state._tag === "Uncompared")
      .map((standing) => standingLine(standing, event)),
  ];
};

const seconds = (millis: number): string =>
  formatGoDuration(Duration.seconds(Math.max(1, Math.round(millis / 1000))));

/** A line for each image, none of which is redrawn. */
export const imageLines = (event: ImageEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    // The command prints the references, which were asked for, to stdout.
    case "ImagesListed":
      return [];
    case "ImagesLookedAt":
      return lookedAtLines(event);
    case "ImageCopyStarted":
      return [`copying ${event.source} → ${event.target}`];
    case "ImageCopyGoesOn":
      return [`still copying ${event.target} (${seconds(event.millis)})`];
    case "ImageCopied":
      return [`copied ${event.target} in ${seconds(event.millis)} (${short(event.digest)})`];
    case "ImageNotCopied":
      return [`not copied: ${describeImageProblem(event.problem)}`];
    case "ImagesSynced":
      return [
        `${event.registry} has all ${images(event.copied + event.present)}: ${event.copied} copied, ${event.present} there before`,
      ];
  }
};
