import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Effect, Layer } from "effect";
import { JournalFiles } from "./JournalFiles.ts";

/** In `~/.tare/journal/`, for the operator alone. */
export const layerJournalFilesOnDisk: Layer.Layer<JournalFiles> = Layer.sync(JournalFiles, () => {
  const folder = join(homedir(), ".tare", "journal");
  const attempt = <A>(work: () => Promise<A>) => Effect.option(Effect.tryPromise(work));
  return JournalFiles.of({
    read: (name) =>
      Effect.map(
        attempt(() => readFile(join(folder, `${name}.json`), "utf8")),
        (text) => (text._tag === "Some" ? text.value : undefined),
      ),
    write: (name, text) =>
      Effect.asVoid(
        attempt(async () => {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          const draft = join(folder, `.${name}.${process.pid}`);
          await writeFile(draft, text, { mode: 0o600 });
          await rename(draft, join(folder, `${name}.json`));
        }),
      ),
  });
});
