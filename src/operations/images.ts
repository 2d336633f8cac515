/** The images of a chart in a registry of one's own: listed, brought there, looked for. No cluster is asked. */
import { Effect } from "effect";
import type { ImageProblem } from "../domain/images/problem.ts";
import type { ImageRequest, SyncRequest } from "../domain/images/request.ts";
import { problemsOf } from "../domain/images/sync.ts";
import { ImagesNotThere } from "../errors.ts";
import { lookAtImages, publicImages } from "../phases/images/look.ts";
import { imageSync, planSync } from "../phases/images/sync.ts";
import { report } from "../services/report/Reporter.ts";

export const listImages = Effect.fn("tare.images")(function* (request: ImageRequest) {
  const listed = yield* publicImages(request);
  yield* report({ _tag: "ImagesListed", ...listed });
  return listed.references;
});

/** Copies what is missing; what is there already costs one question. */
export const syncImages = (request: SyncRequest) => imageSync.run(request);

/** What `syncImages` would do, and would fail with. */
export const planImageSync = (request: SyncRequest) => planSync(request, "dry-run");

/** Fails where an image is missing, or another one is in its place. */
export const verifyImages = Effect.fn("tare.images.verify")(function* (request: SyncRequest) {
  const standings = yield* lookAtImages(request);
  const { registry } = request;
  yield* report({
    ...{ _tag: "ImagesLookedAt", registry, standings, purpose: "verify", overwrite: false },
  });
  const missing = standings.flatMap(
    ({ image, state }): ReadonlyArray<ImageProblem> =>
      state._tag === "Missing"
        ? [{ trouble: "no-image", reference: image.target, detail: "" }]
        : [],
  );
  const problems = [...problemsOf(standings, false), ...missing];
  if (problems.length > 0) return yield* new ImagesNotThere({ request, problems });
  return standings;
});
