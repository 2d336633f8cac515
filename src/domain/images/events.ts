import type { ImageProblem } from "./problem.ts";
import type { ImageStanding } from "./sync.ts";

/** What happens to images. Each copy reports its start, a sign of life every minute, and how it ended. */
export type ImageEvent =
  | {
      readonly _tag: "ImagesListed";
      readonly origin: string;
      readonly version: string;
      /** One `repository:tag` each, as the chart renders them without a registry. */
      readonly references: ReadonlyArray<string>;
    }
  | {
      readonly _tag: "ImagesLookedAt";
      readonly registry: string;
      readonly standings: ReadonlyArray<ImageStanding>;
      readonly purpose: "sync" | "dry-run" | "verify";
      /** Whether a tag that holds another image is to be replaced. */
      readonly overwrite: boolean;
    }
  | { readonly _tag: "ImageCopyStarted"; readonly source: string; readonly target: string }
  | { readonly _tag: "ImageCopyGoesOn"; readonly target: string; readonly millis: number }
  | {
      readonly _tag: "ImageCopied";
      readonly target: string;
      readonly digest: string;
      readonly millis: number;
    }
  | { readonly _tag: "ImageNotCopied"; readonly problem: ImageProblem }
  | {
      readonly _tag: "ImagesSynced";
      readonly registry: string;
      readonly copied: number;
      readonly present: number;
    };
