/** What `--plan` says of the world of a story, before anything happens in it. */
import { Context, Effect, Exit, Option } from "effect";
import { plan } from "../../src/operations/plan.ts";
import { servicesOf } from "./process.ts";
import { limitOf, makeSimulation } from "./simulation.ts";
import type { Story } from "./story.ts";
import { identityOf, optionsOf } from "./world/inputs.ts";

/** The error's name, or that it would go on. */
export const planVerdict = (story: Story): string => {
  const simulation = makeSimulation({ ...story, faults: [] });
  const { time } = simulation;
  const services = servicesOf(simulation, "tare-plan", (_, call) => call);
  const fiber = Effect.runForkWith(Context.merge(services, time.context))(
    plan(optionsOf(story), identityOf(story)),
  );
  time.advanceUntil(() => fiber.pollUnsafe() !== undefined, limitOf(simulation));
  const exit = fiber.pollUnsafe();
  simulation.dispose();
  if (exit === undefined) return "never ends";
  if (Exit.isSuccess(exit)) return "goes on";
  return Option.match(Exit.findErrorOption(exit), {
    onNone: () => String(exit),
    onSome: ({ _tag }) => _tag,
  });
};
