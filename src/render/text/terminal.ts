/** What a stream of this process is good for: colours, lines that are drawn again, and how much room there is. */
import type { HelpLook } from "../help/help-text.ts";

export const COLOUR_CHOICES = ["auto", "always", "never"] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

export const PROGRESS_CHOICES = ["auto", "plain"] as const;
export type ProgressChoice = (typeof PROGRESS_CHOICES)[number];

interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): value is string => (value ?? "") !== "";

const isOn = (value: string | undefined): boolean => isSet(value) && !/^(?:0|false)$/i.test(value);

/** A log that happens to be written through a terminal. */
const isLog = (env: Environment): boolean => env.TERM === "dumb" || isOn(env.CI);

/** https://no-color.org before https://force-color.org before https://bixense.com/clicolors, and the flag before them all. */
export const hasColours = (
  stream: Stream,
  env: Environment,
  choice: ColourChoice = "auto",
): boolean => {
  if (choice !== "auto") return choice === "always";
  if (isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return isOn(env.FORCE_COLOR);
  if (isOn(env.CLICOLOR_FORCE)) return true;
  return stream.isTTY === true && !isLog(env) && env.CLICOLOR !== "0";
};

/** Whether lines can be drawn again in their place. */
export const canRedraw = (
  stream: Stream,
  env: Environment,
  choice: ProgressChoice = "auto",
): boolean => choice === "auto" && stream.isTTY === true && !isLog(env);

const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;

/** A terminal without a size says 0 × 0, as those of `docker run -t` and `ssh -tt` in scripts do. */
export const sizeOf = ({ columns, rows }: Stream) => ({
  columns: columns || USUAL_COLUMNS,
  rows: rows || USUAL_ROWS,
});

/** Help that goes into a file or a pipe is as wide as one; on a wide terminal, lines stay readable. */
const [HELP_COLUMNS, MOST_HELP_COLUMNS] = [100, 120];

export const helpLook = (stdout: Stream, colours: boolean, all: boolean): HelpLook => ({
  columns:
    stdout.isTTY === true ? Math.min(sizeOf(stdout).columns, MOST_HELP_COLUMNS) : HELP_COLUMNS,
  colours,
  all,
});
