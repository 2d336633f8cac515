import { homedir } from "node:os";
import { Clock, Effect, FileSystem, Layer, Path } from "effect";
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
          const folder = path.join(homedir(), ".tare", "reports");
          yield* fs.makeDirectory(folder, { recursive: true, mode: 0o700 });
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
