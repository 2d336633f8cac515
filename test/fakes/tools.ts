import { Effect, Layer } from "effect";
import { Reporter } from "../../src/services/report/Reporter.ts";
import { ToolCache, ToolMissing, type ToolName } from "../../src/services/tools/ToolCache.ts";
import { ToolShelf } from "../../src/services/tools/ToolShelf.ts";

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

/** A simulated cluster comes with its tools and has no folder of them. */
export const layerNoToolShelf: Layer.Layer<ToolShelf | Reporter> = Layer.merge(
  Reporter.layerSilent,
  Layer.mock(ToolShelf)({}),
);
