import { Console, Effect, Layer } from "effect";
import { CliConfig, type CliError, CliOutput, GlobalFlag } from "effect/cli";

/** A word too many is often the rest of an unquoted header: it must not be repeated. */
const usageMessage = (error: CliError.CliError): string =>
  error._tag === "UnexpectedArgument"
    ? "one argument too many: a value with spaces needs quotes"
    : error.message;

/** Usage errors are two lines on stderr, not a screenful of help on stdout. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event);
    return Effect.gen(function* () {
      for (const error of event.errors) yield* Console.error(`tare: ${usageMessage(error)}`);
      yield* Console.error(`Run '${event.commandPath.join(" ")} --help' for usage.`);
    });
  },
};

export const layerPresentation = (colours: boolean) =>
  Layer.mergeAll(
    CliConfig.layer({
      builtIns: [GlobalFlag.Help, GlobalFlag.Completions, GlobalFlag.LogLevel],
    }),
    CliOutput.layer(CliOutput.defaultFormatter({ colors: colours })),
    CliOutput.layerPresenter(presenter),
  );
