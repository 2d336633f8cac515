/** Whether the registry of the release has the images that are about to run: the most common reason of a failed rollout. */
import { Effect, Option, Redacted } from "effect";
import { imageCopies, imageValues, registryIn } from "../../../domain/images/image.ts";
import { mergeValues } from "../../../domain/values/next-values.ts";
import { ImageCopier } from "../../../services/images/ImageCopier.ts";
import type { InstalledRelease } from "../../release/installed-release.ts";
import type { Finding } from "../check.ts";

/** A look ahead is not worth more: without an answer the run goes on. */
const ASKED_WITHIN = "10 seconds";

/** Nothing is downloaded for it, and where nobody answers nothing is said. */
export const findMissingImages = Effect.fn("tare.check.images")(function* ({
  chart,
  values: given,
}: Pick<InstalledRelease, "chart" | "values">): Effect.fn.Return<Finding, never, ImageCopier> {
  const copier = yield* ImageCopier;
  const values = mergeValues(chart.defaults, Redacted.value(given));
  const registry = registryIn(values);
  if (registry === undefined) return {};
  const targets = imageCopies(chart.images, imageValues(values, undefined), registry).map(
    ({ target }) => target,
  );
  const asked = yield* Effect.forEach(
    targets,
    (target) => Effect.option(copier.digest(target, { download: false })),
    { concurrency: "unbounded" },
  ).pipe(Effect.timeoutOption(ASKED_WITHIN));
  const answers = Option.getOrElse(asked, (): ReadonlyArray<Option.Option<unknown>> => []);
  const images = targets.filter((_, index) => {
    const answer = answers[index];
    return answer !== undefined && Option.isSome(answer) && answer.value === undefined;
  });
  return images.length === 0 ? {} : { warnings: [{ code: "images-missing", registry, images }] };
});
