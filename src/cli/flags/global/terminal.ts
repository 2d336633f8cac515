/** Flags of every command that decide how things look. They hold for errors of the command line too, so they are read early. */
import { Flag, GlobalFlag } from "effect/cli";
import {
  COLOUR_CHOICES,
  type ColourChoice,
  PROGRESS_CHOICES,
  type ProgressChoice,
} from "../../../render/text/terminal.ts";
import { givenChoice } from "./given-choice.ts";

const COLOR = "color";
const PROGRESS = "progress";

export const colorFlag = GlobalFlag.Setting("color")({
  flag: Flag.Literals(COLOR, COLOUR_CHOICES).pipe(
    Flag.withDescription("Colours; auto: on a terminal that is no CI log (default: auto)"),
    Flag.withDefault("auto" as const),
  ),
});

export const progressFlag = GlobalFlag.Setting("progress")({
  flag: Flag.Literals(PROGRESS, PROGRESS_CHOICES).pipe(
    Flag.withDescription(
      "Progress; auto: redrawn on a terminal that is no CI log, plain: a line each (default: auto)",
    ),
    Flag.withDefault("auto" as const),
  ),
});

export const givenColor = (args: ReadonlyArray<string>): ColourChoice | undefined =>
  givenChoice(args, COLOR, COLOUR_CHOICES);

export const givenProgress = (args: ReadonlyArray<string>): ProgressChoice | undefined =>
  givenChoice(args, PROGRESS, PROGRESS_CHOICES);
