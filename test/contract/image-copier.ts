/** What is relied on of a copier of images, in the fake and on real registries. */
import { assert } from "@effect/vitest";
import { Effect } from "effect";
import { byDigest } from "../../src/domain/images/image.ts";
import type { ImageTrouble } from "../../src/domain/images/problem.ts";
import { ImageCopier } from "../../src/services/images/ImageCopier.ts";

/** Two registries, one of which has an image. */
export interface CopierStage {
  /** `host/repository:tag`, of the image that is there. */
  readonly source: string;
  readonly digest: string;
  /** The host of the other one. */
  readonly target: string;
  /** Its answer to every push from now on. */
  readonly refusePush: (trouble: Extract<ImageTrouble, "denied" | "no-repository">) => void;
  readonly mend: () => void;
}

type Case = (stage: CopierStage) => Effect.Effect<void, unknown, ImageCopier>;

const troubleOf = (work: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(work), (error) =>
    typeof error === "object" && error !== null && "trouble" in error ? error.trouble : error,
  );

export const COPIER_CASES: ReadonlyArray<readonly [string, Case]> = [
  [
    "what is under a name is its digest, and nothing under another one",
    ({ source, digest, target }) =>
      Effect.gen(function* () {
        const copier = yield* ImageCopier;
        assert.strictEqual(yield* copier.digest(source), digest);
        assert.strictEqual(yield* copier.digest(byDigest(source, digest)), digest);
        assert.isUndefined(yield* copier.digest(`${source}-other`));
        assert.isUndefined(yield* copier.digest(`${target}/nothing:1`));
      }),
  ],
  [
    "a push that is tried leaves nothing",
    ({ target }) =>
      Effect.gen(function* () {
        const copier = yield* ImageCopier;
        yield* copier.tryPush(`${target}/tried:1`);
        assert.isUndefined(yield* copier.digest(`${target}/tried:1`));
      }),
  ],
  [
    "a push that is refused is told by why",
    ({ target, refusePush, mend }) =>
      Effect.gen(function* () {
        const copier = yield* ImageCopier;
        for (const trouble of ["denied", "no-repository"] as const) {
          refusePush(trouble);
          assert.strictEqual(yield* troubleOf(copier.tryPush(`${target}/refused:1`)), trouble);
          mend();
        }
      }),
  ],
  [
    "a copy has the digest of its source, and can be made once more",
    ({ source, digest, target }) =>
      Effect.gen(function* () {
        const copier = yield* ImageCopier;
        for (const _ of [1, 2]) {
          yield* copier.copy(byDigest(source, digest), `${target}/copied:1`);
          assert.strictEqual(yield* copier.digest(`${target}/copied:1`), digest);
        }
      }),
  ],
  [
    "what is not there is not copied",
    ({ source, target }) =>
      Effect.gen(function* () {
        const copier = yield* ImageCopier;
        const copy = copier.copy(`${source}-other`, `${target}/absent:1`);
        assert.strictEqual(yield* troubleOf(copy), "no-image");
        assert.isUndefined(yield* copier.digest(`${target}/absent:1`));
      }),
  ],
];
