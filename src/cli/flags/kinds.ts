/** How the words of a flag are read, and what a wrong one is answered with. */
import { Config, Duration, Effect, Option } from "effect";
import { CliError, Flag } from "effect/cli";
import { parseGoDuration } from "../../domain/text/go-duration.ts";

/** Longer than nothing. */
export const duration = (name: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("DURATION"),
    Flag.filterMap(
      (text) =>
        Option.filter(Option.fromUndefinedOr(parseGoDuration(text)), (parsed) =>
          Duration.isGreaterThan(parsed, Duration.zero),
        ),
      () => "a duration longer than 0s, such as 90s, 10m or 1h30m",
    ),
  );

/** Or nothing, `0s`. */
export const durationOrNone = (name: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar("DURATION"),
    Flag.filterMap(
      (text) => Option.fromUndefinedOr(parseGoDuration(text)),
      () => "a duration such as 0s, 90s, 10m or 1h30m",
    ),
  );

export const matching = (name: string, pattern: RegExp, expected: string) =>
  Flag.String(name).pipe(
    Flag.filter(
      (text) => pattern.test(text),
      () => expected,
    ),
  );

export const url = (name: string) =>
  Flag.String(name).pipe(
    Flag.filter(
      (text) => text === "" || ["http:", "https:"].includes(URL.parse(text)?.protocol ?? ""),
      () => "an http:// or https:// URL, or nothing to clear it",
    ),
  );

/** `NAME=1` and the like, where the flag is not given. */
export const environmentBoolean = (name: string) =>
  Config.Boolean(name).pipe(
    Config.withDefault(false),
    Effect.mapError(
      () =>
        new CliError.ValidationError({ message: `${name}: expected true or false (or 1 or 0)` }),
    ),
  );
