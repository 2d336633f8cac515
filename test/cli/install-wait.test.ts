/** `tare install --wait=false`: Helm's last write is the end, and nobody looks. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Secret } from "../../src/domain/kube/objects.ts";
import {
  EMPTY,
  FakeCluster,
  gateStates,
  HELM_3,
  HELM_4,
  historyLines,
  outboxEvents,
  type Scenario,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";
import { runCli } from "./support.ts";

const CRASHING: Scenario = {
  ...EMPTY,
  chart: tarsChart({ version: "1.2.0", imageTag: "crash-loop" }),
};

const install = (flags: ReadonlyArray<string>) =>
  runCli(["install", "FOLDER/identity.json", "--yes", ...flags]);

describe("--wait=false", () => {
  it.effect.each([HELM_3, HELM_4])("starts a Helm that does not wait, %s", (helm) =>
    Effect.gen(function* () {
      const run = yield* install(["--wait=false"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.notMatch(run.helmArgs.join(" "), /--wait|--atomic|--rollback-on-failure/);
      assert.include(run.stderr, "helm upgrade --install, timeout 10m");
      assert.include(run.everything, "nobody has looked whether the release");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      assert.deepInclude((yield* outboxEvents)[0], { operation: "install", status: "success" });
    }).pipe(Effect.provide(world({ ...EMPTY, helm }))),
  );

  it.effect("leaves what does not come up, and takes it for no worse than bare Helm's", () =>
    Effect.gen(function* () {
      const run = yield* install(["--wait=false"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.isBelow(run.elapsed, 60_000);
      assert.deepStrictEqual(yield* gateStates, {});
      const again = yield* install([]);
      assert.include(again.everything, "nothing to do");
    }).pipe(Effect.provide(world(CRASHING))),
  );

  it.effect("takes away what Helm itself could not finish", () =>
    Effect.gen(function* () {
      yield* (yield* FakeCluster).inject({
        ...{ actor: "helm", verb: "create", kind: "Deployment", dryRun: false },
        trouble: unreachable,
      });
      const run = yield* install(["--wait=false"]);
      assert.strictEqual(run.code, 20, run.everything);
      assert.deepStrictEqual(yield* historyLines, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is refused for a release that runs, before anything is written", () =>
    Effect.gen(function* () {
      yield* install([]);
      const secrets = yield* (yield* FakeCluster).all(Secret);
      const run = yield* install(["--wait=false", "--customer", "acme"]);
      assert.strictEqual(run.code, 2, run.everything);
      assert.deepStrictEqual(yield* (yield* FakeCluster).all(Secret), secrets);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is in the command of a team that runs Helm itself", () =>
    Effect.gen(function* () {
      const { stderr } = yield* install(["--print-values", "--wait=false"]);
      assert.match(stderr.at(-1) ?? "", /^helm upgrade tars /);
      assert.notMatch(stderr.at(-1) ?? "", /--wait|--atomic|--rollback-on-failure/);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
