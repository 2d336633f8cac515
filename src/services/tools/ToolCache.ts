import { Context, Data, type Effect } from "effect";
import type { ToolName } from "../../domain/tools/pins.ts";

export type { ToolName } from "../../domain/tools/pins.ts";

export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  readonly origin: "environment" | "cache" | "PATH";
}

/** The tool is in none of the places that were searched, each given with what is wrong there. */
export class ToolMissing extends Data.TaggedError("ToolMissing")<{
  readonly tool: ToolName;
  readonly searched: ReadonlyArray<string>;
}> {
  override get message() {
    return `${this.tool} not found (looked in ${this.searched.join(", ")})`;
  }
}

interface LocateOptions {
  /** False to take what is there already: a printed command is not worth a download. */
  readonly download: boolean;
  /** Of what is there only what would be run in any case: named by the environment, or pinned and verified. */
  readonly verified?: boolean;
}

/**
 * Finds the external tools: the path given in the environment first, then tare's own cache, then a verified download
 * into it, then the PATH.
 */
export class ToolCache extends Context.Service<
  ToolCache,
  {
    readonly locate: (tool: ToolName, options?: LocateOptions) => Effect.Effect<Tool, ToolMissing>;
  }
>()("tare/services/ToolCache") {}
