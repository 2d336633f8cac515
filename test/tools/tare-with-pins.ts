/** `tare` as main.ts runs it, but with the pins of a file: `node tare-with-pins.ts PINS ARGUMENTS…` */
import { readFileSync } from "node:fs";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Effect, Layer } from "effect";
import { Command } from "effect/cli";
import { teardown } from "../../src/cli/exit.ts";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { tareCommand } from "../../src/cli/tare.ts";
import { liveServices, liveTools } from "../../src/live.ts";
import { layerReporterStderr } from "../../src/render/text/ReporterText.ts";
import { layerManagementPlaneHttp } from "../../src/services/events/ManagementPlaneHttp.ts";
import { Pins } from "../../src/services/tools/settings.ts";
import { CLI_VERSION } from "../../src/version.ts";

const reporter = layerReporterStderr();
const [pinsFile = "", ...args] = process.argv.slice(2);

Command.runWith(
  tareCommand(
    (choice) => liveServices(choice, reporter),
    (choice) => liveTools(choice, reporter),
    layerManagementPlaneHttp,
  ),
  { version: CLI_VERSION },
)(args).pipe(
  Effect.provide([
    NodeServices.layer,
    layerPresentation(false),
    Layer.succeed(Pins, JSON.parse(readFileSync(pinsFile, "utf8"))),
  ]),
  NodeRuntime.runMain({ teardown: teardown(() => undefined) }),
);
