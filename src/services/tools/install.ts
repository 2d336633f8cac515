/**
 * From an address to an executable that can be trusted: under a lock, into a folder of its own, hashed while it arrives,
 * unpacked and made executable only when the hash is right, and named last.
 */
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Data, Effect, Exit, Schedule } from "effect";
import type { ReportEvent } from "../../domain/report/report.ts";
import { type Artifact, publishedHash, shownUrl } from "../../domain/tools/pins.ts";
import { makeFolder } from "../disk/home.ts";
import { DownloadProblem, downloadText, downloadTo, type Progress } from "./download.ts";
import { ArchiveProblem, extractTarGz, extractZip } from "./extract.ts";
import { diskProblem, flush, isExecutable, isIntact, recordHash, removePartials } from "./files.ts";
import { withFileLock } from "./lock.ts";
import { type DownloadLimits, Limits } from "./settings.ts";

export class InstallFailed extends Data.TaggedError("InstallFailed")<{
  readonly reason: string;
  readonly retryable: boolean;
}> {
  override get message() {
    return this.reason;
  }
}

type Report = (event: ReportEvent) => Effect.Effect<void>;

const failed = (cause: unknown): InstallFailed => {
  if (cause instanceof InstallFailed) return cause;
  const error = cause as Error;
  return new InstallFailed({
    reason: diskProblem(cause) ?? error.message,
    retryable: cause instanceof DownloadProblem && cause.retryable,
  });
};

const attempt = <A>(run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, InstallFailed> =>
  Effect.tryPromise({ try: run, catch: failed });

const retried = <A>(effect: Effect.Effect<A, InstallFailed>, limits: DownloadLimits) =>
  Effect.retry(effect, {
    schedule: Schedule.exponential(limits.retryAfterMillis).pipe(Schedule.jittered),
    times: limits.retries,
    while: ({ retryable }) => retryable,
  });

/** The pinned hash; for a platform without one, what the project's own checksum file says right now. */
const expectedHash = Effect.fnUntraced(function* (artifact: Artifact, limits: DownloadLimits) {
  if (artifact.sha256 !== undefined) return artifact.sha256;
  const text = yield* retried(
    attempt((signal) => downloadText(artifact.checksumUrl, limits, signal)),
    limits,
  );
  const hash = publishedHash(text);
  if (hash !== undefined) return hash;
  return yield* new InstallFailed({
    reason: `${artifact.checksumUrl} does not hold a sha256`,
    retryable: false,
  });
});

/** Told before anything is downloaded. */
const requireHash = (artifact: Artifact): Effect.Effect<void, InstallFailed> =>
  artifact.sha256 !== undefined || artifact.trustsChecksumFile
    ? Effect.void
    : new InstallFailed({
        reason: `this build has no sha256 of ${artifact.tool} ${artifact.version} for ${artifact.platform}, and runs nothing unverified`,
        retryable: false,
      });

const SAMPLE = "100 millis";

/** Downloads the artifact as it is offered, and fails unless its hash is the expected one. */
export const downloadVerified = Effect.fn("tools.download")(function* (
  artifact: Artifact,
  file: string,
  report: Report,
) {
  yield* requireHash(artifact);
  const limits = yield* Limits;
  const { tool, version, platform } = artifact;
  const source = shownUrl(artifact.url);
  yield* report({ _tag: "ToolDownloadStarted", tool, version, platform, source });
  const progress: Progress = { received: 0, total: undefined };
  const sample = Effect.suspend(() =>
    report({ _tag: "ToolDownloadProgress", tool, version, ...progress }),
  );
  const transfer = retried(
    attempt((signal) => downloadTo(artifact.url, file, limits, progress, signal)),
    limits,
  );
  const actual = yield* Effect.raceFirst(
    transfer,
    Effect.andThen(Effect.repeat(sample, Schedule.spaced(SAMPLE)), Effect.never),
  ).pipe(
    Effect.onExit((exit) =>
      report({
        _tag: "ToolDownloadEnded",
        tool,
        version,
        bytes: progress.received,
        complete: Exit.isSuccess(exit),
      }),
    ),
  );
  const expected = yield* expectedHash(artifact, limits);
  if (actual !== expected) {
    return yield* new InstallFailed({
      reason: `${source} is not what the project published: its sha256 is ${actual}, not ${expected}`,
      retryable: false,
    });
  }
  return { sha256: actual, pinned: artifact.sha256 !== undefined };
});

const unpack = async (artifact: Artifact, archive: string, to: string, max: number) => {
  try {
    if (artifact.packing === "none") await rename(archive, to);
    else if (artifact.packing === "zip") await extractZip(archive, artifact.entry, to, max);
    else await extractTarGz(archive, artifact.entry, to, max);
  } catch (cause) {
    if (!(cause instanceof ArchiveProblem)) throw cause;
    throw new ArchiveProblem(`${shownUrl(artifact.url)} cannot be unpacked: ${cause.message}`);
  }
};

/** A file under the final name that is not executable was left there by another program. */
const name = async (complete: string, final: string, aside: string) => {
  await rename(final, aside).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
  });
  await rename(complete, final);
};

const installLocked = Effect.fnUntraced(function* (
  artifact: Artifact,
  folder: string,
  report: Report,
) {
  const limits = yield* Limits;
  const { tool, version, executable } = artifact;
  const final = join(folder, version);
  const path = join(final, executable);
  // Another process may have been faster.
  if (isExecutable(path) && (yield* attempt(() => isIntact(path)))) return path;
  const prefix = `.partial-${version}-`;
  yield* attempt(() => removePartials(folder, prefix));
  return yield* Effect.acquireUseRelease(
    attempt(() => mkdtemp(join(folder, prefix))),
    (partial) =>
      Effect.gen(function* () {
        const archive = join(partial, "download");
        const complete = join(partial, "complete");
        const { sha256, pinned } = yield* downloadVerified(artifact, archive, report);
        yield* Effect.uninterruptible(
          attempt(async () => {
            const file = join(complete, executable);
            await mkdir(complete, { mode: 0o700 });
            await unpack(artifact, archive, file, limits.maxUnpackedBytes);
            await chmod(file, 0o755);
            await recordHash(file);
            await flush(file);
            await flush(complete);
            await name(complete, final, join(partial, "replaced"));
            await flush(folder);
          }),
        );
        yield* report({ _tag: "ToolInstalled", tool, version, path, sha256, pinned });
        return path;
      }),
    (partial) =>
      Effect.promise(() => rm(partial, { recursive: true, force: true }).catch(() => undefined)),
  );
});

/** The tool's path below `folder`, downloading it at most once however many processes ask. */
export const installTool = Effect.fn("tools.install")(function* (
  artifact: Artifact,
  folder: string,
  report: Report,
) {
  const { tool, version } = artifact;
  yield* attempt(() => makeFolder(folder));
  return yield* withFileLock(
    folder,
    `.lock-${version}`,
    (owner) => report({ _tag: "ToolAwaited", tool, version, owner }),
    installLocked(artifact, folder, report),
  ).pipe(Effect.mapError(failed));
});
