/** Somebody uses the data plane while it is upgraded. */
import { Duration, Effect, Schedule } from "effect";
import { FakeStreams } from "../fakes/index.ts";

const EVERY = "2 seconds";
const LASTS = Duration.seconds(12);

/** Opens LLM streams through the gateway for as long as the scope lasts. */
export const keepStreaming = Effect.gen(function* () {
  const streams = yield* FakeStreams;
  const one = streams.open({ gateway: "egress", namespace: "tars-dataplane", duration: LASTS });
  yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(one, Schedule.spaced(EVERY))));
});

/** A run that stopped at once saw too few of them to be worth a word. */
const WORTH_TELLING = 5;

/** In one sentence, or nothing. */
export const streamsSummary = Effect.gen(function* () {
  const streams = yield* FakeStreams;
  const [all, dropped, refused] = yield* Effect.all([
    streams.all,
    streams.dropped,
    streams.refused,
  ]);
  if (all.length < WORTH_TELLING) return undefined;
  const trouble = refused === 0 ? "" : `, ${refused} found no proxy`;
  return `${all.length} LLM streams went through the data plane meanwhile, ${dropped.length} were dropped${trouble}.`;
});
