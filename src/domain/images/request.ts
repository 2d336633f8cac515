import type { JsonObject } from "../kube/json.ts";
import type { ChartReference } from "../run/upgrade-options.ts";

/** Which images are meant: those of a chart, as values and flags have their tags. */
export interface ImageRequest {
  readonly chart: ChartReference;
  /** Over the chart's own. */
  readonly values: JsonObject;
  /** Over all of them. */
  readonly imageTag: string | undefined;
}

/** And where they are to be. */
export interface SyncRequest extends ImageRequest {
  /** A host, with an optional port and path. */
  readonly registry: string;
  /** Replace what is under a tag, where that is another image. */
  readonly overwrite: boolean;
  /** The words that name the same images to `tare images`, for the commands that are printed. */
  readonly words: ReadonlyArray<string>;
}
