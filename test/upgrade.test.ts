import { assert, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { DEFAULT_UPGRADE_OPTIONS } from "../src/domain/upgrade-options.ts";
import { upgrade } from "../src/upgrade.ts";
import { HELM_3, HELM_4, IDENTITY, simulate, world } from "./fakes/index.ts";

it.effect.each([HELM_3, HELM_4])("an installed release is upgraded, with Helm %s", (helm) =>
  Effect.gen(function* () {
    const { exit } = yield* simulate(upgrade(DEFAULT_UPGRADE_OPTIONS, IDENTITY));
    assert.isTrue(Exit.isSuccess(exit));
  }).pipe(Effect.provide(world({ helm }))),
);
