import { Context, type Duration, Effect, Layer, Ref } from "effect";
import { partsOf } from "../../src/domain/images/image.ts";
import type { ImageTrouble } from "../../src/domain/images/problem.ts";
import { ImageCopier, ImageRequestFailed } from "../../src/services/images/ImageCopier.ts";
import { ToolMissing } from "../../src/services/tools/ToolCache.ts";

type Request = "digest" | "push" | "copy";

/** A registry's way to say no. */
export interface Refusal {
  /** To every name that begins with it. */
  readonly to: string;
  readonly of: Request;
  readonly trouble: ImageTrouble;
  readonly detail?: string;
  /** How many are let through first; none when left out. */
  readonly after?: number;
}

interface State {
  readonly images: ReadonlyMap<string, string>;
  readonly refusals: ReadonlyArray<Refusal>;
  readonly requests: ReadonlyArray<readonly [Request, string]>;
  readonly takes: Duration.Input;
  readonly isMissing: boolean;
  readonly isHere: boolean;
}

/** All registries there are, as names and what is under them; one that nobody heard of takes every push. */
export class FakeRegistries extends Context.Service<
  FakeRegistries,
  {
    readonly put: (reference: string, digest: string) => Effect.Effect<void>;
    readonly at: (reference: string) => Effect.Effect<string | undefined>;
    readonly refuse: (...refusals: ReadonlyArray<Refusal>) => Effect.Effect<void>;
    /** As if whatever was refused had been mended. */
    readonly mend: Effect.Effect<void>;
    /** How long one copy takes. */
    readonly takes: (duration: Duration.Input) => Effect.Effect<void>;
    /** The copier is on this machine, and need not be downloaded. */
    readonly keepCopier: Effect.Effect<void>;
    /** There is no copier on this machine, and none can be had. */
    readonly loseCopier: Effect.Effect<void>;
    readonly requests: Effect.Effect<ReadonlyArray<readonly [Request, string]>>;
  }
>()("tare/testing/FakeRegistries") {
  static readonly layer: Layer.Layer<ImageCopier | FakeRegistries> = Layer.effectContext(
    Effect.gen(function* () {
      const state = yield* Ref.make<State>({
        images: new Map(),
        refusals: [],
        requests: [],
        takes: "1 second",
        isMissing: false,
        isHere: false,
      });
      const change = (next: (before: State) => Partial<State>) =>
        Ref.update(state, (before) => ({ ...before, ...next(before) }));

      const ask = Effect.fnUntraced(function* (of: Request, reference: string) {
        const { refusals, requests, isMissing } = yield* Ref.get(state);
        if (isMissing) return yield* new ToolMissing({ tool: "crane", searched: ["the PATH"] });
        yield* change(() => ({ requests: [...requests, [of, reference]] }));
        const refusal = refusals.find(({ to, of: what, after = 0 }) => {
          const before = requests.filter(([one, name]) => one === of && name.startsWith(to));
          return what === of && reference.startsWith(to) && before.length >= after;
        });
        if (refusal === undefined) return;
        const { trouble, detail = trouble } = refusal;
        return yield* new ImageRequestFailed({ trouble, reference, detail });
      });

      /** By tag or, as `repository@digest`, by what is under one of its tags. */
      const found = (reference: string) =>
        Effect.map(Ref.get(state), ({ images }) => {
          const digest = reference.split("@")[1];
          if (digest === undefined) return images.get(reference);
          const { host, path } = partsOf(reference);
          const isThere = [...images].some(([name, known]) => {
            const named = partsOf(name);
            return known === digest && named.host === host && named.path === path;
          });
          return isThere ? digest : undefined;
        });

      const copier = ImageCopier.of({
        digest: (reference, { download } = { download: true }) =>
          Effect.gen(function* () {
            const { isHere } = yield* Ref.get(state);
            if (!download && !isHere) {
              return yield* new ToolMissing({ tool: "crane", searched: ["~/.tare/tools"] });
            }
            yield* ask("digest", reference);
            return yield* found(reference);
          }),
        tryPush: (target) => ask("push", target),
        copy: Effect.fnUntraced(function* (source, target) {
          yield* ask("copy", target);
          yield* Effect.sleep((yield* Ref.get(state)).takes);
          const digest = yield* found(source);
          if (digest === undefined) {
            return yield* new ImageRequestFailed({
              ...{ trouble: "no-image", reference: target, detail: "MANIFEST_UNKNOWN" },
            });
          }
          yield* change(({ images }) => ({ images: new Map(images).set(target, digest) }));
        }),
      });
      const registries = FakeRegistries.of({
        put: (reference, digest) =>
          change(({ images }) => ({ images: new Map(images).set(reference, digest) })),
        at: (reference) => Effect.map(Ref.get(state), ({ images }) => images.get(reference)),
        refuse: (...refusals) =>
          change((before) => ({ refusals: [...before.refusals, ...refusals] })),
        mend: change(() => ({ refusals: [], isMissing: false })),
        takes: (takes) => change(() => ({ takes })),
        keepCopier: change(() => ({ isHere: true })),
        loseCopier: change(() => ({ isMissing: true })),
        requests: Effect.map(Ref.get(state), ({ requests }) => requests),
      });
      return Context.make(FakeRegistries, registries).pipe(Context.add(ImageCopier, copier));
    }),
  );
}
