/** What Helm is given and what it says, in files that only their owner can read. */
import { Effect, type FileSystem, type Path, Redacted } from "effect";
import type { JsonObject } from "../../domain/kube/json.ts";
import { runFolderPrefix } from "../disk/run-folders.ts";
import { HelmError } from "./Helm.ts";
import type { Outlet } from "./helm-process.ts";

/** Each file lies in a folder of its own, which goes with the scope. */
export const privateFiles = (fs: FileSystem.FileSystem, path: Path.Path) => {
  const write = (
    name: string,
    text: string,
    { command, what }: { readonly command: string; readonly what: string },
  ) =>
    Effect.gen(function* () {
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: runFolderPrefix("helm") });
      const file = path.join(folder, name);
      yield* fs.writeFileString(file, text, { mode: 0o600, flag: "wx" });
      return file;
    }).pipe(
      Effect.mapError(
        (cause) =>
          new HelmError({
            command,
            kind: "not-runnable",
            text: `${what} could not be written: ${cause.message}`,
          }),
      ),
    );

  return {
    // JSON is YAML, and keeps a string that looks like a number a string.
    values: (values: Redacted.Redacted<JsonObject>, command: string) =>
      write("values.json", JSON.stringify(Redacted.value(values)), {
        command,
        what: "the values file",
      }),

    /** For a kubeconfig that Helm cannot read itself. */
    kubeconfig: (text: Redacted.Redacted<string>) =>
      write("kubeconfig", Redacted.value(text), {
        command: "kubeconfig",
        what: "the kubeconfig for Helm",
      }),

    /** Helm quotes values when it rejects them. */
    outlet: (command: string) =>
      Effect.map(
        write("stderr", "", { command, what: "the file for what Helm says" }),
        (file): Outlet => ({
          file,
          text: Effect.orElseSucceed(fs.readFileString(file), () => ""),
        }),
      ),
  };
};
