/** Asks one question of the terminal that it runs on, and says on stdout what was answered. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Console, Effect } from "effect";
import { layerPromptsTerminal } from "../../src/cli/PromptsTerminal.ts";
import type { Revision } from "../../src/domain/release/release.ts";
import type { Question } from "../../src/domain/run/question.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { Prompts } from "../../src/services/run/Prompts.ts";

const missing = { path: "global.customer", flag: "customer" };
const release = DEFAULT_RELEASE;
const revision: Revision = { revision: 2, status: "pending-upgrade", chart: "tars-1.2.0" };

/** All that an installation asks a yes or a no to. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  confirm: { _tag: "Install", release },
  remove: { _tag: "RemoveHusk", release, revision: 1, status: "failed" },
  recover: {
    ...{ _tag: "Recover", release, to: 1, noun: "the installation" },
    stuck: { _tag: "Pending", revision, to: { ...revision, revision: 1, status: "superseded" } },
  },
};

const asked = process.argv[2] ?? "confirm";

Effect.gen(function* () {
  const prompts = yield* Prompts;
  const answer =
    asked === "value"
      ? yield* prompts.value(missing)
      : asked === "typed"
        ? yield* prompts.typed({ _tag: "Uninstall", release })
        : yield* prompts.confirm(QUESTIONS[asked] ?? { _tag: "Install", release });
  yield* Console.log(`answer: ${JSON.stringify(answer)}`);
}).pipe(
  Effect.provide(layerPromptsTerminal),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain,
);
