/** Asks one question of the terminal that it runs on, and says on stdout what was answered. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Console, Effect } from "effect";
import { layerPromptsTerminal } from "../../src/cli/PromptsTerminal.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { Prompts } from "../../src/services/run/Prompts.ts";

const missing = { path: "global.customer", flag: "customer" };

Effect.gen(function* () {
  const prompts = yield* Prompts;
  const answer =
    process.argv[2] === "value"
      ? yield* prompts.value(missing)
      : yield* prompts.confirm({ _tag: "Install", release: DEFAULT_RELEASE });
  yield* Console.log(`answer: ${JSON.stringify(answer)}`);
}).pipe(
  Effect.provide(layerPromptsTerminal),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain,
);
