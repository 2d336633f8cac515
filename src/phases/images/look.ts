import { Effect } from "effect";
import {
  type ImageCopy,
  imageCopies,
  imageReferences,
  imageValues,
} from "../../domain/images/image.ts";
import type { ImageRequest, SyncRequest } from "../../domain/images/request.ts";
import { type Look, standingOf } from "../../domain/images/sync.ts";
import { mergeValues } from "../../domain/values/next-values.ts";
import { ChartUnusable, CopierUnavailable } from "../../errors.ts";
import { ChartSource } from "../../services/chart/ChartSource.ts";
import { ImageCopier } from "../../services/images/ImageCopier.ts";
import { NO_MANIFEST } from "../../words/images/manifest.ts";

/** How many images are asked for, or copied, at the same time. */
export const AT_A_TIME = 3;

const imagesOf = Effect.fnUntraced(function* ({
  chart: reference,
  values,
  imageTag,
}: ImageRequest) {
  const source = yield* ChartSource;
  const chart = yield* Effect.mapError(
    source.resolve(reference),
    ({ chart, detail }) => new ChartUnusable({ chart, cause: detail }),
  );
  if (chart.images.length === 0) {
    return yield* new ChartUnusable({ chart: chart.origin, cause: NO_MANIFEST });
  }
  return { chart, values: imageValues(mergeValues(chart.defaults, values), imageTag) };
}, Effect.scoped);

/** The images of the chart, where they are public. */
export const publicImages = Effect.fn("tare.images.list")(function* (request: ImageRequest) {
  const { chart, values } = yield* imagesOf(request);
  const { origin, version } = chart;
  return { origin, version, references: imageReferences(chart.images, values) };
});

export const copierUnavailable = ({ message }: { readonly message: string }): CopierUnavailable =>
  new CopierUnavailable({ cause: message });

const lookFor = Effect.fnUntraced(function* (reference: string) {
  const copier = yield* ImageCopier;
  return yield* copier.digest(reference).pipe(
    Effect.map(
      (digest): Look => (digest === undefined ? { _tag: "Absent" } : { _tag: "There", digest }),
    ),
    Effect.catchTag("ImageRequestFailed", ({ trouble, reference: named, detail }) =>
      Effect.succeed<Look>({
        _tag: "Unknown",
        problem: { trouble, reference: named, detail },
      }),
    ),
  );
});

/** Where every image of the chart stands at its source and in the registry; it only reads. */
export const lookAtImages = Effect.fn("tare.images.look")(function* (request: SyncRequest) {
  const { chart, values } = yield* imagesOf(request);
  const copies = imageCopies(chart.images, values, request.registry);
  return yield* Effect.forEach(
    copies,
    Effect.fnUntraced(function* (image: ImageCopy) {
      const [source, target] = [yield* lookFor(image.source), yield* lookFor(image.target)];
      return standingOf({ image, source, target });
    }),
    { concurrency: AT_A_TIME },
  ).pipe(Effect.catchTag("ToolMissing", (missing) => copierUnavailable(missing)));
});
