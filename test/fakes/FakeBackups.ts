import { Context, Effect, Layer, Ref } from "effect";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import { BackupError, CrdBackups } from "../../src/services/crds/CrdBackups.ts";

/** Backups in memory; a full disk on request. */
export class FakeBackups extends Context.Service<
  FakeBackups,
  {
    readonly saved: Effect.Effect<ReadonlyArray<ReadonlyArray<KubeObject>>>;
    /** By their files. */
    readonly scripts: Effect.Effect<ReadonlyMap<string, string>>;
    readonly fillDisk: Effect.Effect<void>;
    /** Nothing can be kept anywhere. */
    readonly loseHome: Effect.Effect<void>;
    /** There is room for copies, and none for scripts. */
    readonly refuseScripts: Effect.Effect<void>;
  }
>()("tare/testing/FakeBackups") {
  static readonly layer: Layer.Layer<FakeBackups | CrdBackups> = Layer.effectContext(
    Effect.gen(function* () {
      const saved = yield* Ref.make<ReadonlyArray<ReadonlyArray<KubeObject>>>([]);
      const full = yield* Ref.make(false);
      const nowhere = yield* Ref.make(false);
      const refusing = yield* Ref.make(false);
      const scripts = yield* Ref.make<ReadonlyMap<string, string>>(new Map());
      const fake = FakeBackups.of({
        saved: Ref.get(saved),
        scripts: Ref.get(scripts),
        fillDisk: Ref.set(full, true),
        loseHome: Ref.set(nowhere, true),
        refuseScripts: Ref.set(refusing, true),
      });
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
        saveScript: Effect.fnUntraced(function* (text, beside) {
          if ((yield* Ref.get(full)) || (yield* Ref.get(refusing))) {
            return yield* new BackupError({ detail: "ENOSPC: no space left on device" });
          }
          const file = beside.replace(/\.yaml$/, "-restore.sh");
          yield* Ref.update(scripts, (all) => new Map([...all, [file, text]]));
          return file;
        }),
      });
      return Context.make(FakeBackups, fake).pipe(Context.add(CrdBackups, backups));
    }),
  );
}
