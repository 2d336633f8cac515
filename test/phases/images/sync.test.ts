import { assert, it } from "@effect/vitest";
import { Effect, Layer } from "effect";
import { imageSync } from "../../../src/phases/images/sync.ts";
import { ImageCopier } from "../../../src/services/images/ImageCopier.ts";
import { world } from "../../fakes/index.ts";

const REQUEST = {
  chart: { _tag: "Embedded" },
  ...{ values: {}, imageTag: undefined, registry: "r.example.com", overwrite: false, words: [] },
} as const;

it.effect("a copy that arrives as something else is none", () => {
  const arrived = new Map<string, string>();
  const copied: Array<string> = [];
  const copier = ImageCopier.of({
    digest: (reference) =>
      Effect.sync(() => (reference.startsWith("docker.io/") ? "sha256:a" : arrived.get(reference))),
    tryPush: () => Effect.void,
    copy: (source, target) =>
      Effect.sync(() => {
        copied.push(source);
        arrived.set(target, target.includes("redis") ? "sha256:b" : "sha256:a");
      }),
  });
  return Effect.gen(function* () {
    const error = yield* Effect.flip(imageSync.run(REQUEST));
    assert.strictEqual(error._tag, "ImagesIncomplete");
    assert.strictEqual(error.exitCode, 31);
    assert.match(
      error.why.join("\n"),
      /^r\.example\.com\/redis:\S+: the copy failed \(sha256:b ≠ sha256:a\)$/,
    );
    // By digest: a tag that moves meanwhile changes nothing.
    assert.isTrue(copied.every((source) => source.endsWith("@sha256:a")));
  }).pipe(Effect.provide(Layer.provideMerge(Layer.succeed(ImageCopier, copier), world())));
});
