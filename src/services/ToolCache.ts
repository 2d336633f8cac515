import { Context, Data, type Effect } from "effect";

export type ToolName = "helm" | "kubectl";

export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  readonly origin: "environment" | "cache" | "PATH";
}

/** The tool is in none of the places that were searched. */
export class ToolMissing extends Data.TaggedError("ToolMissing")<{
  readonly tool: ToolName;
  readonly searched: ReadonlyArray<string>;
}> {
  override get message() {
    return `${this.tool} not found (looked in ${this.searched.join(", ")})`;
  }
}

/** Finds the external tools: the path given in the environment first, then tare's own cache, then the PATH. */
export class ToolCache extends Context.Service<
  ToolCache,
  { readonly locate: (tool: ToolName) => Effect.Effect<Tool, ToolMissing> }
>()("tare/services/ToolCache") {}
