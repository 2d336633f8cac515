/** A flag is declared once: how it is parsed, what help and the README say of it, and how a printed command repeats it. */
import { type Duration, Option } from "effect";
import { Flag } from "effect/cli";
import type { GivenFlag } from "../../domain/hints/operator-commands.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";

interface FlagText {
  /** What it does, as `--help` says it. */
  readonly help: string;
  /** What holds without it, in words. */
  readonly preset: string;
  /** Left out where the kind of flag says it. */
  readonly metavar?: string;
  /** What only the README adds. */
  readonly more?: string;
  /** A page of the docs that says more. */
  readonly page?: string;
  /** Not among the flags that `--help` shows. */
  readonly isAdvanced?: boolean;
}

export interface DeclaredFlag<A> extends FlagText {
  readonly name: string;
  readonly flag: Flag.Flag<A>;
  /** The words that give it this value once more; none where a bare run has it too. */
  again(value: A): ReadonlyArray<string>;
}

export const declare = <A>(
  name: string,
  flag: Flag.Flag<A>,
  text: FlagText,
  again: (value: NoInfer<A>) => ReadonlyArray<string>,
): DeclaredFlag<A> => {
  const described = Flag.withDescription(flag, `${text.help} (default: ${text.preset})`);
  const named = text.metavar === undefined ? described : Flag.withMetavar(described, text.metavar);
  return { ...text, name, flag: text.isAdvanced ? Flag.withHidden(named) : named, again };
};

/** On or off, with a default of its own. */
export const toggle = (
  name: string,
  preset: boolean,
  text: Omit<FlagText, "preset">,
  flag = Flag.Boolean(name),
): DeclaredFlag<boolean> =>
  declare(
    name,
    Flag.withDefault(flag, preset),
    { ...text, preset: String(preset) },
    wordsUnless(name, preset),
  );

/** The words of a flag that has a value other than `preset`. */
export const wordsUnless =
  (name: string, preset: boolean | string) =>
  (value: boolean | string): ReadonlyArray<string> => {
    if (value === preset) return [];
    if (value === true) return [`--${name}`];
    return value === false ? [`--${name}=false`] : [`--${name}`, value];
  };

/** The words of a flag that was given, whatever its value is. */
const wordsIfGiven =
  (name: string) =>
  (value: Option.Option<boolean | number | string>): ReadonlyArray<string> =>
    Option.match(value, {
      onNone: () => [],
      onSome: (given) =>
        typeof given === "boolean" ? [`--${name}=${given}`] : [`--${name}`, String(given)],
    });

/** A flag without a default of its own. */
export const optional = <A extends boolean | number | string>(
  name: string,
  flag: Flag.Flag<A>,
  text: FlagText,
): DeclaredFlag<Option.Option<A>> => declare(name, Flag.optional(flag), text, wordsIfGiven(name));

export const time = (
  name: string,
  preset: Duration.Duration,
  flag: Flag.Flag<Duration.Duration>,
  text: Omit<FlagText, "preset">,
): DeclaredFlag<Duration.Duration> => {
  const shown = formatGoDuration(preset);
  const words = wordsUnless(name, shown);
  return declare(
    name,
    Flag.withDefault(flag, preset),
    { metavar: "DURATION", ...text, preset: shown },
    (value) => words(formatGoDuration(value)),
  );
};

type DeclaredFlags = Readonly<Record<string, DeclaredFlag<unknown>>>;

/** What a command is made with. */
type FlagsOf<Declared extends DeclaredFlags> = {
  readonly [Key in keyof Declared]: Declared[Key]["flag"];
};

export const flagsOf = <Declared extends DeclaredFlags>(declared: Declared): FlagsOf<Declared> =>
  Object.fromEntries(
    Object.entries(declared).map(([key, { flag }]) => [key, flag]),
  ) as FlagsOf<Declared>;

/** The flags that make this run differ from a bare one, for the commands that are printed. */
export const givenFlags = (
  declared: DeclaredFlags,
  input: Readonly<Record<string, unknown>>,
): ReadonlyArray<GivenFlag> =>
  Object.entries(declared).flatMap(([key, { name, again }]) => {
    const words = again(input[key]);
    return words.length === 0 ? [] : [{ name, words }];
  });
