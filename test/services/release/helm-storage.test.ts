import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber, Layer } from "effect";
import { TestClock } from "effect/testing";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { makeHelmStorage } from "../../../src/services/release/helm-storage.ts";

const release = { name: "tars", namespace: "tars-system" };

describe("what Helm has stored", () => {
  it.effect("is waited for a minute, and then it is said that there was no answer", () =>
    Effect.gen(function* () {
      const storage = yield* makeHelmStorage(yield* Kubectl);
      const asking = yield* Effect.forkChild(Effect.flip(storage.history(release)));
      yield* TestClock.adjust("59 seconds");
      assert.isUndefined(asking.pollUnsafe());
      yield* TestClock.adjust("1 second");
      const { kind, command } = yield* Fiber.join(asking);
      assert.deepStrictEqual({ kind, command }, { kind: "timeout", command: "history" });
    }).pipe(Effect.provide(Layer.mock(Kubectl)({ list: () => Effect.never }))),
  );
});
