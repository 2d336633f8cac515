import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Effect, Layer } from "effect";
import { makeFolder, tareHome } from "../disk/home.ts";
import { JournalFiles } from "./JournalFiles.ts";

/** In `~/.tare/journal/`, for the operator alone. */
export const layerJournalFilesOnDisk: Layer.Layer<JournalFiles> = Layer.sync(JournalFiles, () => {
  const folder = join(tareHome(), "journal");
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
          await makeFolder(folder);
          const draft = join(folder, `.${name}.${process.pid}`);
          await writeFile(draft, text, { mode: 0o600 });
          await rename(draft, join(folder, `${name}.json`));
        }),
      ),
  });
});
