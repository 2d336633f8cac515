import { describe, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { FakeRegistries } from "../fakes/index.ts";
import { COPIER_CASES } from "./image-copier.ts";

const SOURCE = "docker.io/acme/app:1";
const DIGEST = `sha256:${"a".repeat(64)}`;
const TARGET = "registry.example.com/tars";

describe("the registries of the tests", () => {
  it.effect.each(COPIER_CASES)("%s", ([, run]) =>
    Effect.gen(function* () {
      const registries = yield* FakeRegistries;
      yield* registries.put(SOURCE, DIGEST);
      const context = yield* Effect.context<never>();
      const stage = {
        ...{ source: SOURCE, digest: DIGEST, target: TARGET },
        refusePush: (trouble: "denied" | "no-repository") =>
          Effect.runSyncWith(context)(registries.refuse({ to: TARGET, of: "push", trouble })),
        mend: () => Effect.runSyncWith(context)(registries.mend),
      };
      const fiber = yield* Effect.forkChild(run(stage));
      yield* TestClock.adjust("1 minute");
      yield* Fiber.join(fiber);
    }).pipe(Effect.provide(FakeRegistries.layer)),
  );
});
