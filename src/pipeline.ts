/**
 * The frame around phases: it numbers, times and reports them. Whatever else should happen around every phase (tracing,
 * fault injection) is a middleware, so that phases stay what they are about.
 */
import { Clock, Context, Effect, Exit, Fiber, Option, Ref, type Scope, Semaphore } from "effect";
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

const reporting =
  (reporter: Reporter["Service"]): PhaseMiddleware =>
  (phase) =>
  (run) =>
    Effect.gen(function* () {
      yield* reporter.report({ _tag: "PhaseStarted", phase });
      const startedAt = yield* Clock.currentTimeMillis;
      return yield* run.pipe(
        Effect.onExit((exit) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            reporter.report({
              _tag: "PhaseFinished",
              phase,
              millis: now - startedAt,
              succeeded: Exit.isSuccess(exit),
            }),
          ),
        ),
      );
    });

/**
 * Announces the phases of a run, in the order in which they are printed and numbered; returns how to run one of them.
 * Running a phase that was not announced is a defect.
 */
export const makePipeline = Effect.fnUntraced(function* (
  phases: ReadonlyArray<Pick<Phase<never, unknown, unknown, unknown>, "id" | "title">>,
) {
  const middlewares = [reporting(yield* Reporter), ...(yield* PhaseMiddlewares)];
  return <Input, Output, E, R>(
    phase: Phase<Input, Output, E, R>,
    input: Input,
  ): Effect.Effect<Output, E, R> => {
    const index = phases.findIndex(({ id }) => id === phase.id) + 1;
    if (index === 0) return Effect.die(new Error(`phase ${phase.id} was not announced`));
    const info: PhaseInfo = { id: phase.id, title: phase.title, index, total: phases.length };
    return middlewares.reduceRight((run, wrap) => wrap(info)(run), phase.run(input));
  };
});

/**
 * Starts a read before its turn. What it found, or how it failed, is delivered to whoever asks; a failure nobody asks
 * for is nobody's failure. The read ends with the scope, and can always be interrupted.
 */
export const ahead = <A, E, R>(
  read: Effect.Effect<A, E, R>,
): Effect.Effect<Effect.Effect<A, E>, never, R | Scope.Scope> =>
  Effect.map(Effect.forkScoped(Effect.interruptible(read)), Fiber.join);

/** A read that is not started unless somebody asks for it. */
export const later = <A, E, R>(
  read: Effect.Effect<A, E, R>,
): Effect.Effect<Effect.Effect<A, E>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => Effect.provideContext(read, context));

/**
 * Work that is done once, in the fiber that asks first: unlike with `Effect.cached`, what interrupts that one interrupts
 * the work. The next one to ask does it again when it failed.
 */
export const once = <A, E, R>(
  work: Effect.Effect<A, E, R>,
): Effect.Effect<Effect.Effect<A, E, R>> =>
  Effect.gen(function* () {
    const known = yield* Ref.make(Option.none<A>());
    const turn = yield* Semaphore.make(1);
    return turn.withPermits(1)(
      Effect.flatMap(Ref.get(known), (found) =>
        Option.isSome(found)
          ? Effect.succeed(found.value)
          : Effect.tap(work, (done) => Ref.set(known, Option.some(done))),
      ),
    );
  });
