/** `npm run demo [scenario]`: the real command line on a simulated cluster, in fast motion. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Clock, Effect, Layer, Redacted } from "effect";
import { Command } from "effect/cli";
import { makeOwnEnd, teardown } from "../../src/cli/exit.ts";
import { layerPresentation } from "../../src/cli/presentation.ts";
import { tareCommand } from "../../src/cli/tare.ts";
import { layerReporterStderr } from "../../src/render/text/ReporterText.ts";
import { hasColours } from "../../src/render/text/terminal.ts";
import { CLI_VERSION } from "../../src/version.ts";
import { IDENTITY, type World, world } from "../fakes/index.ts";
import { layerNoToolShelf } from "../fakes/tools.ts";
import { fasterClock } from "./clock.ts";
import { DEMOS } from "./scenarios.ts";
import { keepStreaming, streamsSummary } from "./streams.ts";

const SPEED = 10;

const name = process.argv[2] ?? "upgrade";
const demo = DEMOS[name];
if (demo === undefined) {
  console.error(`no demo called ${name}; there are: ${Object.keys(DEMOS).join(", ")}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "tare-demo-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const identity = { ...IDENTITY, privateKey: Redacted.value(IDENTITY.privateKey) };
writeFileSync(join(folder, "identity.json"), JSON.stringify(identity), { mode: 0o600 });
// The commands that are printed name the file as it was given.
process.chdir(folder);

console.error(`SIMULATED: ${demo.about}.`);
console.error(
  `The cluster is made up and kept in memory, Helm with it; time runs ${SPEED} times faster.\n`,
);

const reporter = layerReporterStderr();

const tare = Effect.gen(function* () {
  const simulated = yield* Effect.context<World>();
  const services = Layer.mergeAll(Layer.succeedContext(simulated), reporter);
  const run = Command.runWith(
    tareCommand(
      () => services,
      () => layerNoToolShelf,
      () => services,
    ),
    { version: CLI_VERSION },
  );
  yield* Effect.forEach(
    demo.commands,
    (words) => {
      console.error(`$ ${["tare", ...words].join(" ")}`);
      return run(words);
    },
    { discard: true },
  );
});

const program = Effect.gen(function* () {
  // Nobody has streams through what is not there yet.
  if (demo.scenario.revisions?.length !== 0) yield* keepStreaming;
  yield* Effect.onExit(tare, () =>
    Effect.flatMap(streamsSummary, (summary) =>
      Effect.sync(() => {
        if (summary !== undefined) console.error(`\nSIMULATED: ${summary}`);
      }),
    ),
  );
}).pipe(Effect.scoped, Effect.provide(world(demo.scenario)));

const ownEnd = makeOwnEnd();
let signal: NodeJS.Signals | undefined;
for (const one of ["SIGINT", "SIGTERM"] as const) {
  process.on(one, () => {
    signal ??= one;
  });
}

Effect.clockWith((real) =>
  Effect.provideService(program, Clock.Clock, fasterClock(real, SPEED)),
).pipe(
  Effect.provide([NodeServices.layer, layerPresentation(hasColours(process.stdout, process.env))]),
  ownEnd.keep,
  Effect.uninterruptible,
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: teardown(
      () => signal,
      (code) => console.error(`\nSIMULATED: tare ended with exit code ${code}.`),
      ownEnd.exit,
    ),
  }),
);
