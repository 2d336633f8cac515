/** What a command says besides its reports: to people and pipes, and as safe to look at. */
import { Console, type Effect } from "effect";
import { visible, visibleText } from "../../domain/text/visible.ts";

export const printLine = (line: string): Effect.Effect<void> => Console.log(visible(line));

/** A message that may have lines of its own: what is wrong with the words of a command line. */
export const printError = (text: string): Effect.Effect<void> => Console.error(visibleText(text));
