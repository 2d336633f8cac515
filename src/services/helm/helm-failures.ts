/** Failures of Helm that are reported alike, whatever it was asked. */
import { Duration } from "effect";
import { HelmError } from "./Helm.ts";

export const noAnswer = (command: string, within: Duration.Duration): HelmError =>
  new HelmError({
    command,
    kind: "timeout",
    text: `no answer within ${Duration.toSeconds(within)} s`,
  });

export const unreadable = (command: string, text: string): HelmError =>
  new HelmError({ command, kind: "unreadable-output", text });
