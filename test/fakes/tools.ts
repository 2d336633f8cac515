import { Effect, Layer } from "effect";
import { ToolCache, ToolMissing, type ToolName } from "../../src/services/tools/ToolCache.ts";

export const layerFakeTools = (missing: ReadonlyArray<ToolName> = []): Layer.Layer<ToolCache> =>
  Layer.succeed(
    ToolCache,
    ToolCache.of({
      locate: (name) =>
        missing.includes(name)
          ? Effect.fail(new ToolMissing({ tool: name, searched: ["~/.tare/tools", "PATH"] }))
          : Effect.succeed({ name, path: `/usr/bin/${name}`, origin: "PATH" }),
    }),
  );
