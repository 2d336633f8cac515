import { Clock, Effect, FileSystem, Layer, Path } from "effect";
import type { KubeObject } from "../../domain/kube/objects.ts";
import { visibleJson } from "../../domain/text/visible.ts";
import { homeProblem, makeFolder, requireWritable, tareHome } from "../disk/home.ts";
import { BackupError, CrdBackups } from "./CrdBackups.ts";

/** What the server keeps for itself would make `kubectl replace -f` refuse the copy later. */
const restorable = (object: KubeObject): unknown => {
  const { status: _, metadata, ...rest } = object;
  const { uid: _uid, resourceVersion: _version, generation: _generation, ...kept } = metadata;
  const { managedFields: _fields, creationTimestamp: _created, ...ours } = kept;
  return { ...rest, metadata: ours };
};

/** A multi-document file (JSON documents, which are YAML and quick to write) in `~/.tare/backups/`. */
export const layerCrdBackupsOnDisk: Layer.Layer<
  CrdBackups,
  never,
  FileSystem.FileSystem | Path.Path
> = Layer.effect(
  CrdBackups,
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem;
    const path = yield* Path.Path;
    return CrdBackups.of({
      ready: Effect.tryPromise({
        try: () => requireWritable("backups"),
        catch: (cause) => new BackupError({ detail: homeProblem(cause) }),
      }),
      save: Effect.fn("CrdBackups.save")(
        function* (objects, note) {
          const now = new Date(yield* Clock.currentTimeMillis);
          const folder = path.join(tareHome(), "backups");
          yield* Effect.tryPromise({
            try: () => makeFolder(folder),
            catch: (cause) => new BackupError({ detail: homeProblem(cause) }),
          });
          const stamp = now.toISOString().replace(/[:.]/g, "-");
          const file = path.join(folder, `crds-${stamp}-${process.pid}-${note}.yaml`);
          const text = objects
            .map((object) => `---\n${visibleJson(restorable(object))}\n`)
            .join("");
          yield* fs.writeFileString(file, text, { mode: 0o600, flag: "wx" });
          return file;
        },
        Effect.mapError((cause) => new BackupError({ detail: cause.message })),
      ),
      saveScript: Effect.fn("CrdBackups.saveScript")(
        function* (text, beside) {
          const file = beside.replace(/-[a-z-]+\.yaml$/, "-restore.sh");
          yield* fs.writeFileString(file, text, { mode: 0o700, flag: "wx" });
          return file;
        },
        Effect.mapError((cause) => new BackupError({ detail: cause.message })),
      ),
    });
  }),
);
