/**
 * The frame around phases: it numbers, times and reports them. Whatever else should happen around every phase (tracing,
 * fault injection) is a middleware, so that phases stay what they are about.
 */
import { Clock, Context, Effect, Exit, Fiber, Ref, type Scope } from "effect";
import type { PhaseInfo } from "./domain/report/report.ts";
import { Reporter } from "./services/report/Reporter.ts";

export interface Phase<Input, Output, E, R> {
  readonly id: string;
  readonly title: string;
  readonly run: (input: Input) => Effect.Effect<Output, E, R>;
}

/** Wraps the run of any phase; it may observe, delay or fail it as a defect, but not change its types. */
export type PhaseMiddleware = (
  info: PhaseInfo,
) => <A, E, R>(run: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;

const tracing: PhaseMiddleware = (info) =>
  Effect.withSpan(`tare.phase.${info.id}`, { attributes: { index: info.index } });

/** The middleware of this program, outermost first. Replace it to add your own. */
export const PhaseMiddlewares = Context.Reference<ReadonlyArray<PhaseMiddleware>>(
  "tare/PhaseMiddlewares",
  { defaultValue: () => [tracing] },
);

/** Milliseconds that the phase under way does not count as its own time. */
const Uncounted = Context.Reference<Ref.Ref<number> | undefined>("tare/Uncounted", {
  defaultValue: () => undefined,
});

/** Work under a phase's heading that is no part of the phase: the time it takes is not reported as the phase's. */
export const uncounted = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const aside = yield* Uncounted;
    if (aside === undefined) return yield* work;
    const startedAt = yield* Clock.currentTimeMillis;
    const count = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Ref.update(aside, (millis) => millis + now - startedAt),
    );
    // Within it nothing is set aside twice.
    return yield* work.pipe(Effect.provideService(Uncounted, undefined), Effect.ensuring(count));
  });

type AnyPhase = Pick<Phase<never, unknown, unknown, unknown>, "id" | "title">;

/** A phase that was announced and has not ended. */
interface Heading {
  readonly startedAt: number;
  readonly uncounted: Ref.Ref<number>;
}

const infoOf = (phases: ReadonlyArray<AnyPhase>, { id, title }: AnyPhase) => {
  const index = phases.findIndex((announced) => announced.id === id) + 1;
  return index === 0
    ? Effect.die(new Error(`phase ${id} was not announced`))
    : Effect.succeed<PhaseInfo>({ id, title, index, total: phases.length });
};

/**
 * Announces the phases of a run, in the order in which they are printed and numbered; returns how to run one of them.
 * `run.before` runs a step under a phase's heading, before the phase: when the step fails, the phase has failed.
 * Running a phase that was not announced is a defect.
 */
export const makePipeline = Effect.fnUntraced(function* (phases: ReadonlyArray<AnyPhase>) {
  const [reporter, middlewares] = yield* Effect.all([Reporter, PhaseMiddlewares]);
  const open = new Map<string, Heading>();

  const begin = Effect.fnUntraced(function* (phase: PhaseInfo) {
    const begun = open.get(phase.id);
    open.delete(phase.id);
    if (begun !== undefined) return begun;
    yield* reporter.report({ _tag: "PhaseStarted", phase });
    const startedAt = yield* Clock.currentTimeMillis;
    return { startedAt, uncounted: yield* Ref.make(0) } satisfies Heading as Heading;
  });

  const end = Effect.fnUntraced(function* (phase: PhaseInfo, heading: Heading, succeeded: boolean) {
    const taken = (yield* Clock.currentTimeMillis) - heading.startedAt;
    const millis = taken - (yield* Ref.get(heading.uncounted));
    yield* reporter.report({ _tag: "PhaseFinished", phase, millis, succeeded });
  });

  const before = Effect.fnUntraced(function* <A, E, R>(
    phase: AnyPhase,
    step: Effect.Effect<A, E, R>,
  ) {
    const info = yield* infoOf(phases, phase);
    const heading = yield* begin(info);
    return yield* step.pipe(
      Effect.provideService(Uncounted, heading.uncounted),
      Effect.onExit((exit) =>
        Exit.isSuccess(exit)
          ? Effect.sync(() => open.set(info.id, heading))
          : end(info, heading, false),
      ),
    );
  });

  const run = Effect.fnUntraced(function* <Input, Output, E, R>(
    phase: Phase<Input, Output, E, R>,
    input: Input,
  ) {
    const info = yield* infoOf(phases, phase);
    const heading = yield* begin(info);
    return yield* middlewares
      .reduceRight((wrapped, wrap) => wrap(info)(wrapped), phase.run(input))
      .pipe(
        Effect.provideService(Uncounted, heading.uncounted),
        Effect.onExit((exit) => end(info, heading, Exit.isSuccess(exit))),
      );
  });

  return Object.assign(run, { before });
});

/**
 * Starts a read before its turn. What it found, or how it failed, is delivered to its caller; a failure that is not awaited
 * is ignored. The read ends with the scope, and can always be interrupted.
 */
export const prefetched = <A, E, R>(
  read: Effect.Effect<A, E, R>,
): Effect.Effect<Effect.Effect<A, E>, never, R | Scope.Scope> =>
  Effect.map(Effect.forkScoped(Effect.interruptible(read)), Fiber.join);

/** A read that is not started before it is asked for. */
export const onDemand = <A, E, R>(
  read: Effect.Effect<A, E, R>,
): Effect.Effect<Effect.Effect<A, E>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => Effect.provideContext(read, context));
