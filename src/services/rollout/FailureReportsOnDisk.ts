import { Clock, Effect, FileSystem, Layer, Path } from "effect";
import { homeProblem, makeFolder, tareHome } from "../disk/home.ts";
import { FailureReportError, FailureReports } from "./FailureReports.ts";

/** Text files in `~/.tare/reports/`, for their owner's eyes only: logs of pods can say anything. */
export const layerFailureReportsOnDisk: Layer.Layer<
  FailureReports,
  never,
  FileSystem.FileSystem | Path.Path
> = Layer.effect(
  FailureReports,
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem;
    const path = yield* Path.Path;
    return FailureReports.of({
      save: Effect.fn("FailureReports.save")(
        function* (subject, text) {
          const folder = path.join(tareHome(), "reports");
          yield* Effect.tryPromise({
            try: () => makeFolder(folder),
            catch: (cause) => new FailureReportError({ detail: homeProblem(cause) }),
          });
          const stamp = new Date(yield* Clock.currentTimeMillis).toISOString();
          const name = `${subject}-${stamp.replace(/[:.]/g, "-")}-${process.pid}.txt`;
          const file = path.join(folder, name);
          yield* fs.writeFileString(file, text, { mode: 0o600, flag: "wx" });
          return file;
        },
        Effect.mapError((cause) => new FailureReportError({ detail: cause.message })),
      ),
    });
  }),
);
