/** What a run does to the CRDs. It stays as it is however the run ends, so that its end must be able to tell of it. */
import { Context, Effect, type Exit, Ref } from "effect";
import type { CrdBackup } from "../../domain/crds/backup.ts";
import { report } from "../../services/report/Reporter.ts";

export interface CrdChanges {
  /** How those that were updated were before. */
  readonly backup: CrdBackup | undefined;
  readonly created: number;
  readonly updated: number;
}

const NO_CRD_CHANGES: CrdChanges = { backup: undefined, created: 0, updated: 0 };

const Changes = Context.Reference<Ref.Ref<CrdChanges> | undefined>("tare/CrdChanges", {
  defaultValue: () => undefined,
});

const note = Effect.fnUntraced(function* (change: (before: CrdChanges) => CrdChanges) {
  const changes = yield* Changes;
  if (changes !== undefined) yield* Ref.update(changes, change);
});

export const reportBackup = (backup: CrdBackup) =>
  Effect.andThen(
    note((before) => ({ ...before, backup })),
    report({ _tag: "CrdsBackedUp", backup }),
  );

export const reportWritten = (crd: string, isNew: boolean) =>
  Effect.andThen(
    note((before) =>
      isNew
        ? { ...before, created: before.created + 1 }
        : { ...before, updated: before.updated + 1 },
    ),
    report({ _tag: "CrdWritten", crd, isNew }),
  );

/** How a run ended, and what it did to the CRDs by then. */
export interface EndOfRun<A, E> {
  readonly exit: Exit.Exit<A, E>;
  readonly crds: CrdChanges;
}

/** Never fails: an interruption of the run, too, is an end to report. */
export const withCrdChanges = Effect.fnUntraced(function* <A, E, R>(run: Effect.Effect<A, E, R>) {
  const changes = yield* Ref.make(NO_CRD_CHANGES);
  const exit = yield* Effect.exit(Effect.provideService(run, Changes, changes));
  return { exit, crds: yield* Ref.get(changes) } satisfies EndOfRun<A, E> as EndOfRun<A, E>;
}, Effect.uninterruptible);
