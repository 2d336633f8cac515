import { Duration } from "effect";

/** How long a container takes from its creation to being ready. */
const DEFAULT_STARTUP = Duration.seconds(5);

/** Tags that say how their containers behave. */
const NEVER = new Set(["never-ready", "crash-loop", "no-such-image"]);

/** `slow-40` is ready after 40 s. */
const SLOW = /^slow-(\d+)$/;

export const tagOf = (image: string): string => image.slice(image.lastIndexOf(":") + 1);

/** How long a pod with these images takes to be ready, if it ever is. */
export const startupOf = (images: ReadonlyArray<string>): Duration.Duration =>
  images
    .map(tagOf)
    .map((tag) => {
      if (NEVER.has(tag)) return Duration.infinity;
      const seconds = SLOW.exec(tag)?.[1];
      return seconds === undefined ? DEFAULT_STARTUP : Duration.seconds(Number(seconds));
    })
    .reduce((left, right) => Duration.max(left, right), Duration.zero);
