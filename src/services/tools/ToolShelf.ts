import { Context, Data, type Effect } from "effect";
import type { Platform, ToolName } from "../../domain/tools/pins.ts";

export interface ShelvedTool {
  readonly tool: ToolName;
  readonly version: string;
  readonly path: string;
  /** Whether it is the version this build asks for. */
  readonly pinned: boolean;
}

interface ShelfContents {
  readonly folder: string;
  readonly wanted: Readonly<Record<ToolName, string>>;
  /** Those that this build can have for this machine. */
  readonly offered: ReadonlyArray<ToolName>;
  readonly tools: ReadonlyArray<ShelvedTool>;
}

export class ShelfProblem extends Data.TaggedError("ShelfProblem")<{
  readonly tool: ToolName | undefined;
  readonly reason: string;
}> {
  override get message() {
    return this.tool === undefined ? this.reason : `${this.tool}: ${this.reason}`;
  }
}

/** The folder of downloaded tools, for those who keep it themselves. */
export class ToolShelf extends Context.Service<
  ToolShelf,
  {
    readonly list: Effect.Effect<ShelfContents>;
    /** Downloads the pinned version unless it is there already; its path either way. */
    readonly install: (tool: ToolName) => Effect.Effect<string, ShelfProblem>;
    /** Removes every version but the pinned ones; what was removed. */
    readonly prune: Effect.Effect<ReadonlyArray<ShelvedTool>, ShelfProblem>;
    /** Writes the verified downloads into a folder that works as `TARE_TOOLS_MIRROR`; the files' paths. */
    readonly bundle: (
      folder: string,
      platforms: ReadonlyArray<Platform>,
    ) => Effect.Effect<ReadonlyArray<string>, ShelfProblem>;
  }
>()("tare/services/ToolShelf") {}
