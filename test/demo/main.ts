/** `npm run demo [scenario]`: the real command line on a simulated cluster, in fast motion. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Clock, Effect, Layer, Redacted } from "effect";
import { Command } from "effect/cli";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { tareCommand } from "../../src/cli/tare.ts";
import { layerReporterText } from "../../src/render/ReporterText.ts";
import { COLOURED, PLAIN } from "../../src/render/text.ts";
import { CLI_VERSION } from "../../src/version.ts";
import { IDENTITY, world } from "../fakes/index.ts";
import { fasterClock } from "./clock.ts";
import { DEMOS } from "./scenarios.ts";

const SPEED = 10;

const name = process.argv[2] ?? "upgrade";
const demo = DEMOS[name];
if (demo === undefined) {
  console.error(`no demo called ${name}; there are: ${Object.keys(DEMOS).join(", ")}`);
  process.exit(2);
}

const colours = process.stderr.isTTY === true && (process.env.NO_COLOR ?? "") === "";

const folder = mkdtempSync(join(tmpdir(), "tare-demo-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const identity = { ...IDENTITY, privateKey: Redacted.value(IDENTITY.privateKey) };
writeFileSync(join(folder, "identity.json"), JSON.stringify(identity), { mode: 0o600 });
// The commands that are printed name the file as it was given.
process.chdir(folder);

console.error(`SIMULATED: ${demo.about}.`);
console.error(`No cluster is touched; time runs ${SPEED} times faster.\n`);
console.error(`$ ${["tare", "upgrade", "identity.json", ...demo.flags].join(" ")}`);

const services = Layer.mergeAll(
  world(demo.scenario),
  layerReporterText(colours ? COLOURED : PLAIN),
);

Effect.clockWith((real) =>
  Command.runWith(
    tareCommand(() => services),
    { version: CLI_VERSION },
  )(["upgrade", "identity.json", ...demo.flags]).pipe(
    Effect.provideService(Clock.Clock, fasterClock(real, SPEED)),
  ),
).pipe(
  Effect.provide([NodeServices.layer, layerPresentation(colours)]),
  NodeRuntime.runMain({ disableErrorReporting: true }),
);
