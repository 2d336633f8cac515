import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Cause, ConfigProvider, Effect, Layer, Logger } from "effect";
import { Command } from "effect/cli";
import { isUnreported, makeOwnEnd, teardown } from "./cli/exit.ts";
import { debugTo, givenDebug } from "./cli/flags/global/debug.ts";
import { givenColor, givenProgress } from "./cli/flags/global/terminal.ts";
import { wantsJson } from "./cli/flags/output.ts";
import { layerPresentation } from "./cli/presentation.ts";
import { takeSecrets } from "./cli/secret-environment.ts";
import { asked } from "./cli/spelled-out.ts";
import { tareCommand } from "./cli/tare.ts";
import { visibleText } from "./domain/text/visible.ts";
import { liveServices, liveTools } from "./live.ts";
import { helpText } from "./render/help/help-text.ts";
import { makeJsonOutput } from "./render/json/ReporterJson.ts";
import { layerReporterStderr } from "./render/text/ReporterText.ts";
import { hasColours, helpLook } from "./render/text/terminal.ts";
import { layerTracer, traceFile } from "./services/disk/trace-file.ts";
import { layerManagementPlaneHttp } from "./services/events/ManagementPlaneHttp.ts";
import { CLI_VERSION } from "./version.ts";

let signal: NodeJS.Signals | undefined;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    signal ??= name;
    // The runtime handles the other two; a closed terminal must be as safe as a Ctrl-C.
    if (name === "SIGHUP") process.emit("SIGTERM");
  });
}
// A reader that left (EPIPE) or a terminal that closed (EIO): what was to be said is lost, the run must not be.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// Node warns about the two of them together, in the middle of JSON too.
if ((process.env.NO_COLOR ?? "") !== "") delete process.env.FORCE_COLOR;

const environment = takeSecrets(process.env);
const { args, all } = asked(process.argv.slice(2));
const color = givenColor(args);
const colours = hasColours(process.stdout, process.env, color);
const json = wantsJson(args)
  ? makeJsonOutput((line) => process.stdout.write(`${line}\n`), CLI_VERSION)
  : undefined;
const debug = givenDebug(args);
// Lines that are drawn again would be torn by what comes in between.
const progress = debug ? "plain" : givenProgress(args);
const reporter = json?.layer ?? layerReporterStderr({ color, progress });
const toStderr = (line: string): void => void process.stderr.write(`${line}\n`);
const debugging = debug ? [debugTo(toStderr, json !== undefined, Date.now())] : [];
const ownEnd = makeOwnEnd();

tareCommand(
  (choice) => liveServices(choice, reporter),
  (choice) => liveTools(choice, reporter),
  layerManagementPlaneHttp,
).pipe(
  (command) => Command.runWith(command, { version: CLI_VERSION })(args),
  Effect.tapCause((cause) =>
    isUnreported(cause)
      ? Effect.logFatal(visibleText(`tare: internal error\n${Cause.pretty(cause)}`))
      : Effect.void,
  ),
  Effect.provide([
    NodeServices.layer,
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment })),
    layerPresentation(colours, json?.refuse, (page) =>
      helpText(page, helpLook(process.stdout, colours, all)),
    ),
    Layer.succeed(Logger.LogToStderr, true),
    layerTracer([...traceFile(process.env.TARE_TRACE), ...debugging]),
  ]),
  // Commands say what of them a signal may stop; how they end is theirs to say.
  ownEnd.keep,
  Effect.uninterruptible,
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: teardown(() => signal, json?.end, ownEnd.exit),
  }),
);
