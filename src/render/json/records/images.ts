/** Lines about images and the registry they are to be in. */
import { Schema } from "effect";
import { record, Texts } from "./record.ts";

export const ImagesListed = record(
  "images-listed",
  "The images of a chart, where they are public.",
  {
    chart: Schema.String,
    version: Schema.String,
    images: Texts,
  },
);

const Standing = Schema.Struct({
  source: Schema.String,
  target: Schema.String,
  /** `problem`: one of its ends could not be asked, or there is nothing to copy. */
  state: Schema.Literals(["present", "uncompared", "missing", "other", "problem"]),
  /** Of the index, at its source; of one that is not compared, in the registry. */
  digest: Schema.optionalKey(Schema.String),
  /** Of the other image that is under the tag. */
  found: Schema.optionalKey(Schema.String),
  problem: Schema.optionalKey(Schema.String),
});

export const ImagesLookedAt = record(
  "images-looked-at",
  "Where every image stands, before anything is copied.",
  {
    registry: Schema.String,
    purpose: Schema.Literals(["sync", "dry-run", "verify"]),
    images: Schema.Array(Standing),
  },
);

export const ImageProgress = record("image", "An image is being copied.", {
  target: Schema.String,
  state: Schema.Literals(["copying", "copied", "failed"]),
  source: Schema.optionalKey(Schema.String),
  digest: Schema.optionalKey(Schema.String),
  durationMillis: Schema.optionalKey(Schema.Int),
  why: Schema.optionalKey(Schema.String),
});

export const ImagesSynced = record("images-synced", "Every image is in the registry.", {
  registry: Schema.String,
  copied: Schema.Int,
  present: Schema.Int,
});
