/** What Helm puts into its record of a chart: the chart's own files, less those that it ignores. */
import { Effect, type FileSystem, Option, type Path } from "effect";
import { helmIgnores } from "../../domain/helm/ignore.ts";

const HELM_IGNORE = ".helmignore";

/** Of the chart in that directory, in base64; `undefined` when it is unknown what Helm leaves out. */
export const chartRecordFiles = (
  fs: FileSystem.FileSystem,
  path: Path.Path,
  chart: string,
): Effect.Effect<ReadonlyArray<string> | undefined> =>
  Effect.gen(function* () {
    const names = yield* fs.readDirectory(chart, { recursive: true });
    const rules = names.includes(HELM_IGNORE)
      ? yield* fs.readFileString(path.join(chart, HELM_IGNORE))
      : "";
    const isIgnored = helmIgnores(rules);
    if (isIgnored === undefined) return undefined;
    const own = names.filter((name) => !name.startsWith("charts/") && !isIgnored(name));
    const files = yield* Effect.forEach(own, (name) =>
      Effect.option(fs.readFile(path.join(chart, name))),
    );
    return files.flatMap((file) =>
      Option.isSome(file) ? [Buffer.from(file.value).toString("base64")] : [],
    );
  }).pipe(Effect.orElseSucceed(() => undefined));
