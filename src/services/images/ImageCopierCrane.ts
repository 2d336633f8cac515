import { Duration, Effect, Fiber, Layer, Ref, Stream } from "effect";
import { ChildProcess, ChildProcessSpawner } from "effect/process";
import { partsOf } from "../../domain/images/image.ts";
import { isAbsence, troubleOf } from "../../domain/images/problem.ts";
import { formatGoDuration } from "../../domain/text/go-duration.ts";
import { ToolCache } from "../tools/ToolCache.ts";
import { decoyImage } from "./decoy.ts";
import { ImageCopier, ImageRequestFailed } from "./ImageCopier.ts";

/** crane itself tries a request that failed three times. */
const ASK_TIMEOUT = Duration.minutes(1);
/** Longer than any image takes that still arrives. */
const COPY_TIMEOUT = Duration.hours(1);

const OUTPUT_KEPT = 64 * 1024;

interface Ended {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What follows a `?` can be a token of somebody's storage; a name and password can be part of an address. */
const withoutSecrets = (text: string): string =>
  text.replace(/(https?:\/\/)[^\s/@]*@/g, "$1").replace(/(https?:\/\/[^\s?"]+)\?[^\s":]*/g, "$1");

/** crane's last words, without what it says of its progress. */
const errorOf = ({ stderr, code }: Ended): string => {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => line.startsWith("Error:")) ?? lines.at(-1);
  const text = last?.replace(/^Error:\s*/, "").trim();
  return withoutSecrets(
    text ?? (code === undefined ? "crane was ended by a signal" : `crane exited with code ${code}`),
  );
};

/** Copies with crane: an index goes over as it is, with all that hangs on it. */
export const layerImageCopierCrane: Layer.Layer<
  ImageCopier,
  never,
  ToolCache | ChildProcessSpawner.ChildProcessSpawner
> = Layer.effect(
  ImageCopier,
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner;
    const tools = yield* ToolCache;

    const failure = (reference: string, detail: string): ImageRequestFailed =>
      new ImageRequestFailed({ trouble: troubleOf(detail), reference, detail });

    /** Closing the scope ends a process that still runs. */
    const crane = Effect.fnUntraced(function* (
      reference: string,
      args: ReadonlyArray<string>,
      timeout: Duration.Duration,
      download = true,
    ) {
      const { path } = yield* tools.locate("crane", { download, verified: true });
      const run = Effect.gen(function* () {
        const handle = yield* spawner.spawn(
          ChildProcess.make(path, [...args], { stdin: "ignore", extendEnv: true }),
        );
        const collect = Effect.fnUntraced(function* (stream: typeof handle.stdout) {
          const text = yield* Ref.make("");
          yield* stream.pipe(
            Stream.decodeText(),
            Stream.runForEach((chunk) =>
              Ref.update(text, (before) => (before + chunk).slice(-OUTPUT_KEPT)),
            ),
            Effect.ignore,
          );
          return yield* Ref.get(text);
        });
        const stdout = yield* Effect.forkScoped(collect(handle.stdout));
        const stderr = yield* Effect.forkScoped(collect(handle.stderr));
        const code = yield* Effect.orElseSucceed(handle.exitCode, () => undefined);
        const ended: Ended = {
          code,
          stdout: yield* Fiber.join(stdout),
          stderr: yield* Fiber.join(stderr),
        };
        return ended;
      });
      return yield* run.pipe(
        Effect.mapError((cause) => failure(reference, `${path} cannot be run: ${cause.message}`)),
        Effect.timeoutOrElse({
          duration: timeout,
          orElse: () => failure(reference, `no answer within ${formatGoDuration(timeout)}`),
        }),
        Effect.withSpan("crane", { attributes: { command: args[0] ?? "" } }),
      );
    }, Effect.scoped);

    return ImageCopier.of({
      digest: Effect.fn("ImageCopier.digest")(function* (reference, options) {
        const args = ["digest", reference];
        const ended = yield* crane(reference, args, ASK_TIMEOUT, options?.download);
        if (ended.code === 0) return ended.stdout.trim();
        const failed = failure(reference, errorOf(ended));
        return isAbsence(failed.trouble) ? undefined : yield* failed;
      }),
      tryPush: Effect.fn("ImageCopier.tryPush")(function* (target) {
        const decoy = yield* decoyImage(partsOf(target).path);
        // With one job at a time nothing but the layer is on its way when it turns out not to be there.
        const args = ["copy", "--jobs", "1", decoy.reference, target];
        const ended = yield* crane(target, args, ASK_TIMEOUT);
        if (!decoy.wasAsked()) return yield* failure(target, errorOf(ended));
      }, Effect.scoped),
      copy: Effect.fn("ImageCopier.copy")(function* (source, target) {
        const ended = yield* crane(target, ["copy", source, target], COPY_TIMEOUT);
        if (ended.code !== 0) return yield* failure(target, errorOf(ended));
      }),
    });
  }),
);
