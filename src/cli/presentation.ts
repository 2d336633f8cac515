import { Effect, Layer } from "effect";
import { CliConfig, type CliError, CliOutput, GlobalFlag } from "effect/cli";
import { type HelpPage, helpText } from "../render/help/help-text.ts";
import { printError } from "../render/text/print.ts";
import { helpPage } from "./help/help-page.ts";

/** A word too many is often the rest of an unquoted header: it must not be repeated. */
const usageMessage = (error: CliError.CliError): string =>
  error._tag === "UnexpectedArgument"
    ? "one argument too many: a value with spaces needs quotes"
    : error.message;

interface Refusal {
  readonly messages: ReadonlyArray<string>;
  /** What to type for the usage. */
  readonly help: string;
}

/** Usage errors are two lines on stderr, not a screenful of help on stdout. */
const refuseInText = Effect.fnUntraced(function* ({ messages, help }: Refusal) {
  for (const message of messages) yield* printError(`tare: ${message}`);
  yield* printError(`Run '${help}' for usage.`);
});

const presenter = (refuse: (refusal: Refusal) => Effect.Effect<void>): CliOutput.Presenter => ({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? refuse({
          messages: event.errors.map(usageMessage),
          help: `${event.commandPath.join(" ")} --help`,
        })
      : CliOutput.defaultPresenter.present(event),
});

/** Of help that goes into a file, or a pipe. */
const COLUMNS = 100;

export const layerPresentation = (
  colours: boolean,
  refuse: (refusal: Refusal) => Effect.Effect<void> = refuseInText,
  help: (page: HelpPage) => string = (page) =>
    helpText(page, { columns: COLUMNS, colours, all: false }),
) =>
  Layer.mergeAll(
    CliConfig.layer({
      builtIns: [GlobalFlag.Help, GlobalFlag.LogLevel],
    }),
    CliOutput.layer({
      ...CliOutput.defaultFormatter({ colors: colours }),
      formatHelpDoc: (doc) => help(helpPage(doc)),
    }),
    CliOutput.layerPresenter(presenter(refuse)),
  );
