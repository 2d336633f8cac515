import { assert, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { findMissingImages } from "../../../src/phases/checks/release/images.ts";
import { ChartSource } from "../../../src/services/chart/ChartSource.ts";
import { ImageCopier } from "../../../src/services/images/ImageCopier.ts";
import { simulate, world } from "../../fakes/index.ts";

it.effect("a registry that never answers holds nothing up for longer than ten seconds", () => {
  const silent = ImageCopier.of({
    digest: () => Effect.never,
    tryPush: () => Effect.void,
    copy: () => Effect.void,
  });
  return Effect.gen(function* () {
    const { resolve } = yield* ChartSource;
    const chart = yield* Effect.scoped(resolve({ _tag: "Embedded" }));
    const values = Redacted.make({ global: { imageRegistry: "r.example.com" } });
    const looked = findMissingImages({ chart, values }).pipe(
      Effect.provideService(ImageCopier, silent),
    );
    const { exit, elapsed } = yield* simulate(looked);
    assert.deepStrictEqual(yield* exit, {});
    assert.strictEqual(elapsed, 10_000);
  }).pipe(Effect.provide(world()));
});
