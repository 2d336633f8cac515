import { Context, Data, type Effect } from "effect";
import type { ImageTrouble } from "../../domain/images/problem.ts";
import type { ToolMissing } from "../tools/ToolCache.ts";

/** A registry said no, or nothing. */
export class ImageRequestFailed extends Data.TaggedError("ImageRequestFailed")<{
  readonly trouble: ImageTrouble;
  readonly reference: string;
  /** In the registry's own words, on one line; never with credentials. */
  readonly detail: string;
}> {
  override get message() {
    return `${this.reference}: ${this.detail}`;
  }
}

interface DigestOptions {
  /** False to do without an answer where what asks is not on this machine. */
  readonly download: boolean;
}

export type CopierError = ImageRequestFailed | ToolMissing;

/**
 * Asks registries for images, and copies them from one to another as they are: every platform, byte for byte. Credentials
 * are those that Docker and Podman keep, and never leave it.
 */
export class ImageCopier extends Context.Service<
  ImageCopier,
  {
    /** The digest of what is under the name, of the index where it is one; `undefined` where there is nothing. */
    readonly digest: (
      reference: string,
      options?: DigestOptions,
    ) => Effect.Effect<string | undefined, CopierError>;
    /** Whether images can be pushed under the name: an upload is begun there, and not ended. */
    readonly tryPush: (target: string) => Effect.Effect<void, CopierError>;
    /** What is at the target already is not sent again. */
    readonly copy: (source: string, target: string) => Effect.Effect<void, CopierError>;
  }
>()("tare/services/ImageCopier") {}
