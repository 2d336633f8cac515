import { Context, Effect, Layer, Ref } from "effect";
import type { KubeObject } from "../../src/domain/kube.ts";
import { BackupError, CrdBackups } from "../../src/services/CrdBackups.ts";

/** Backups in memory; a full disk on request. */
export class FakeBackups extends Context.Service<
  FakeBackups,
  {
    readonly saved: Effect.Effect<ReadonlyArray<ReadonlyArray<KubeObject>>>;
    readonly fillDisk: Effect.Effect<void>;
    /** Nothing can be kept anywhere. */
    readonly loseHome: Effect.Effect<void>;
  }
>()("tare/testing/FakeBackups") {
  static readonly layer: Layer.Layer<FakeBackups | CrdBackups> = Layer.effectContext(
    Effect.gen(function* () {
      const saved = yield* Ref.make<ReadonlyArray<ReadonlyArray<KubeObject>>>([]);
      const full = yield* Ref.make(false);
      const fake = FakeBackups.of({
        saved: Ref.get(saved),
        fillDisk: Ref.set(full, true),
        loseHome: Effect.suspend(() => Ref.set(nowhere, true)),
      });
      const nowhere = yield* Ref.make(false);
      const backups = CrdBackups.of({
        ready: Effect.flatMap(Ref.get(nowhere), (lacking) =>
          lacking
            ? Effect.fail(new BackupError({ detail: "set TARE_HOME to one that can be written" }))
            : Effect.void,
        ),
        save: Effect.fnUntraced(function* (objects) {
          if (yield* Ref.get(full)) {
            return yield* new BackupError({ detail: "ENOSPC: no space left on device" });
          }
          yield* Ref.update(saved, (all) => [...all, objects]);
          return `/backups/crds-${(yield* Ref.get(saved)).length}.yaml`;
        }),
      });
      return Context.make(FakeBackups, fake).pipe(Context.add(CrdBackups, backups));
    }),
  );
}
