import { Console, Effect, Layer } from "effect";
import { CliConfig, CliOutput, GlobalFlag } from "effect/cli";

/** Usage errors are two lines on stderr, not a screenful of help on stdout. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event);
    return Effect.gen(function* () {
      for (const error of event.errors) yield* Console.error(`tare: ${error.message}`);
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
