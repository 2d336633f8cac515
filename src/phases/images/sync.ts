import { Clock, Effect } from "effect";
import { byDigest } from "../../domain/images/image.ts";
import type { ImageProblem } from "../../domain/images/problem.ts";
import type { SyncRequest } from "../../domain/images/request.ts";
import {
  type ImageStanding,
  problemsOf,
  pushProblem,
  type Wanted,
  wantedOf,
} from "../../domain/images/sync.ts";
import {
  type ChartUnusable,
  type CopierUnavailable,
  ImagesIncomplete,
  ImagesRefused,
} from "../../errors.ts";
import type { Phase } from "../../pipeline.ts";
import type { ChartSource } from "../../services/chart/ChartSource.ts";
import { type CopierError, ImageCopier } from "../../services/images/ImageCopier.ts";
import { type Reporter, report } from "../../services/report/Reporter.ts";
import { AT_A_TIME, copierUnavailable, lookAtImages } from "./look.ts";

export interface ImagesSynced {
  readonly copied: number;
  readonly present: number;
}

const asProblem = ({ trouble, reference, detail }: ImageProblem): ImageProblem => ({
  trouble,
  reference,
  detail,
});

/** What is wrong, or nothing; only a copier that is not there ends everything. */
const problemOf = <A, R>(
  work: Effect.Effect<A, CopierError, R>,
): Effect.Effect<ImageProblem | undefined, CopierUnavailable, R> =>
  work.pipe(
    Effect.as(undefined),
    Effect.catchTags({
      ImageRequestFailed: (failed) => Effect.succeed(asProblem(failed)),
      ToolMissing: (missing) => copierUnavailable(missing),
    }),
  );

/** Every image that is to be pushed is tried first, so that all that is wrong is known at once. */
const pushProblems = Effect.fnUntraced(function* (wanted: ReadonlyArray<Wanted>) {
  const copier = yield* ImageCopier;
  const found = yield* Effect.forEach(
    wanted,
    ({ image }) => problemOf(copier.tryPush(image.target)),
    { concurrency: AT_A_TIME },
  );
  return found.flatMap((problem) => (problem === undefined ? [] : [pushProblem(problem)]));
});

/** What shows nothing for longer looks as if it hung. */
const SIGN_OF_LIFE = "1 minute";

const copyOne = Effect.fnUntraced(function* ({ image, digest }: Wanted) {
  const copier = yield* ImageCopier;
  const { source, target } = image;
  yield* report({ _tag: "ImageCopyStarted", source, target });
  const startedAt = yield* Clock.currentTimeMillis;
  const copied = Effect.andThen(
    copier.copy(byDigest(source, digest), target),
    copier.digest(target),
  );
  const goesOn = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    report({ _tag: "ImageCopyGoesOn", target, millis: now - startedAt }),
  );
  const told = Effect.forever(Effect.delay(goesOn, SIGN_OF_LIFE));
  let arrived: string | undefined;
  const failed = yield* problemOf(
    Effect.tap(Effect.raceFirst(copied, told), (found) =>
      Effect.sync(() => {
        arrived = found;
      }),
    ),
  );
  const problem: ImageProblem | undefined =
    failed ??
    (arrived === digest
      ? undefined
      : { trouble: "failed", reference: target, detail: `${arrived ?? ""} ≠ ${digest}` });
  if (problem !== undefined) {
    yield* report({ _tag: "ImageNotCopied", problem });
    return problem;
  }
  const millis = (yield* Clock.currentTimeMillis) - startedAt;
  yield* report({ _tag: "ImageCopied", target, digest, millis });
  return undefined;
});

/** Where all images stand, and what would be in the way of bringing the missing ones; nothing is stored anywhere. */
export const planSync = Effect.fn("tare.images.plan")(function* (
  request: SyncRequest,
  purpose: "sync" | "dry-run",
) {
  const standings = yield* lookAtImages(request);
  const { registry, overwrite } = request;
  yield* report({ _tag: "ImagesLookedAt", registry, standings, purpose, overwrite });
  const wanted = wantedOf(standings, overwrite);
  const problems = [...problemsOf(standings, overwrite), ...(yield* pushProblems(wanted))];
  if (problems.length > 0) return yield* new ImagesRefused({ request, problems });
  return { standings, wanted } satisfies {
    standings: ReadonlyArray<ImageStanding>;
    wanted: ReadonlyArray<Wanted>;
  };
});

/** Brings every image of the chart that is not in the registry there. */
export const imageSync: Phase<
  SyncRequest,
  ImagesSynced,
  ChartUnusable | CopierUnavailable | ImagesIncomplete | ImagesRefused,
  ChartSource | ImageCopier | Reporter
> = {
  id: "image-sync",
  title: "Image sync",
  run: Effect.fnUntraced(function* (request) {
    const { standings, wanted } = yield* planSync(request, "sync");
    const ended = yield* Effect.forEach(wanted, copyOne, { concurrency: AT_A_TIME });
    const problems = ended.flatMap((problem) => (problem === undefined ? [] : [problem]));
    const copied = wanted.length - problems.length;
    if (problems.length > 0) return yield* new ImagesIncomplete({ request, copied, problems });
    const present = standings.length - wanted.length;
    yield* report({ _tag: "ImagesSynced", registry: request.registry, copied, present });
    return { copied, present };
  }),
};
