/** The fake Helm against what the real one was seen to leave behind. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Redacted } from "effect";
import { TestClock } from "effect/testing";
import type { JsonObject } from "../../src/domain/kube/json.ts";
import { ConfigMap, Deployment, stringAt } from "../../src/domain/kube/objects.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { Helm, type UpgradeRequest } from "../../src/services/helm/Helm.ts";
import {
  EGRESS,
  EMBEDDED_CHART,
  FakeCluster,
  FakeHelm,
  HELM_3,
  HELM_4,
  historyLines,
  rejected,
  type Scenario,
  simulate,
  slow,
  TARS_EGRESS,
  tarsChart,
  unreachable,
  withField,
  world,
} from "./index.ts";

const upgrade = Effect.fnUntraced(function* (
  request: Partial<UpgradeRequest> = {},
  values: JsonObject = {},
) {
  const helm = yield* Helm;
  const { exit } = yield* simulate(
    Effect.scoped(
      Effect.gen(function* () {
        const run = yield* helm.upgrade({
          release: DEFAULT_RELEASE,
          chart: EMBEDDED_CHART,
          values: Redacted.make(values),
          timeout: Duration.minutes(5),
          atomic: true,
          ...request,
        });
        return yield* run.exit;
      }),
    ),
  );
  return yield* exit;
});

const rollback = Effect.fnUntraced(function* (revision: number) {
  const helm = yield* Helm;
  const { exit } = yield* simulate(
    helm.rollback({ release: DEFAULT_RELEASE, revision, timeout: Duration.minutes(5) }),
  );
  return yield* exit;
});

const neverReady = tarsChart({ version: "1.2.0", imageTag: "never-ready" });
const upgraded = 'failed Upgrade "tars" failed:';

describe.each([HELM_3, HELM_4])("Helm %s", (version) => {
  const atomicWord = version === HELM_3 ? "atomic" : "rollback-on-failure";
  const on = (scenario: Scenario = {}) => Effect.provide(world({ helm: version, ...scenario }));

  it.effect("supersedes the old revision when it succeeds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* upgrade(), { code: 0, errorText: "" });
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 deployed Upgrade complete",
      ]);
    }).pipe(on()),
  );

  it.effect("leaves a failed revision beside the deployed one without atomic", () =>
    Effect.gen(function* () {
      const { code, errorText } = yield* upgrade({ atomic: false });
      assert.strictEqual(code, 1);
      assert.strictEqual(errorText, "UPGRADE FAILED: context deadline exceeded");
      assert.deepStrictEqual(yield* historyLines, [
        "1 deployed Install complete",
        `2 ${upgraded} context deadline exceeded`,
      ]);
    }).pipe(on({ chart: neverReady })),
  );

  it.effect("rolls back to the newest candidate with atomic, and again the next time", () =>
    Effect.gen(function* () {
      const { errorText } = yield* upgrade();
      assert.strictEqual(
        errorText,
        `UPGRADE FAILED: release tars failed, and has been rolled back due to ${atomicWord} being set: context deadline exceeded`,
      );
      yield* upgrade();
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        `2 ${upgraded} context deadline exceeded`,
        "3 superseded Rollback to 1",
        `4 ${upgraded} context deadline exceeded`,
        "5 deployed Rollback to 3",
      ]);
    }).pipe(on({ chart: neverReady })),
  );

  it.effect("writes nothing when the chart does not render", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("render", "execution error at (tars/x.yaml:1:3): no");
      const { errorText } = yield* upgrade();
      assert.strictEqual(errorText, "UPGRADE FAILED: execution error at (tars/x.yaml:1:3): no");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
    }).pipe(on()),
  );

  it.effect("stays locked after it was killed, until somebody rolls back", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("10 seconds"), helm.kill));
      assert.strictEqual((yield* upgrade()).code, undefined);
      const { errorText } = yield* upgrade();
      assert.strictEqual(
        errorText,
        "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
      );
      assert.strictEqual((yield* rollback(1)).code, 0);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 pending-upgrade Preparing upgrade",
        "3 deployed Rollback to 1",
      ]);
    }).pipe(on({ chart: neverReady })),
  );

  it.effect("stays locked after a success it could not record, even with atomic", () =>
    Effect.gen(function* () {
      const { code } = yield* upgrade();
      assert.strictEqual(code, 1);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 pending-upgrade Preparing upgrade",
      ]);
    }).pipe(
      on({
        faults: [{ trouble: unreachable, actor: "helm", verb: "replace", name: /\.v2$/, times: 1 }],
      }),
    ),
  );

  it.effect("leaves a failed rollback pending when its hook fails", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("pre-rollback hook", "no");
      const { errorText } = yield* upgrade();
      assert.strictEqual(
        errorText,
        "UPGRADE FAILED: an error occurred while rolling back the release. original upgrade error: context deadline exceeded: pre-rollback hooks failed: no",
      );
      assert.deepStrictEqual(yield* historyLines, [
        "1 deployed Install complete",
        `2 ${upgraded} context deadline exceeded`,
        "3 pending-rollback Rollback to 1",
      ]);
    }).pipe(on({ chart: neverReady })),
  );

  it.effect("finishes its rollback when it is cancelled", () =>
    Effect.gen(function* () {
      const helm = yield* Helm;
      const { exit } = yield* simulate(
        Effect.scoped(
          Effect.gen(function* () {
            const run = yield* helm.upgrade({
              release: DEFAULT_RELEASE,
              chart: EMBEDDED_CHART,
              values: Redacted.make({}),
              timeout: Duration.minutes(5),
              atomic: true,
            });
            yield* Effect.sleep("10 seconds");
            yield* run.cancel;
            yield* run.cancel;
            return yield* run.exit;
          }),
        ),
      );
      assert.match((yield* exit).errorText, /being set: context canceled$/);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        `2 ${upgraded} context canceled`,
        "3 deployed Rollback to 1",
      ]);
    }).pipe(on({ chart: neverReady })),
  );

  it.effect("knows only revisions that exist", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* rollback(9), {
        code: 1,
        errorText: "release has no 9 version",
      });
    }).pipe(on()),
  );

  it.effect("keeps ten revisions, one more after an automatic rollback", () =>
    Effect.gen(function* () {
      yield* upgrade();
      assert.strictEqual((yield* historyLines).length, 11);
    }).pipe(
      on({
        chart: neverReady,
        revisions: [
          ...Array.from({ length: 9 }, () => ({ status: "superseded" as const })),
          { status: "deployed" },
        ],
      }),
    ),
  );

  it.effect("collects what the server refused and applies the rest", () =>
    Effect.gen(function* () {
      const { errorText } = yield* upgrade({ atomic: false });
      assert.include(errorText, "denied the request: no");
      const cluster = yield* FakeCluster;
      const proxy = yield* cluster.peek(TARS_EGRESS);
      assert.include(JSON.stringify(proxy?.spec), "envoy-1.2.0");
    }).pipe(
      on({
        faults: [{ trouble: rejected("no"), actor: "helm", verb: "replace", kind: ConfigMap.kind }],
      }),
    ),
  );

  it.effect("does not see what somebody changed in a custom resource by hand", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const path = "spec.provider.kubernetes.envoyHpa.minReplicas";
      yield* cluster.edit(TARS_EGRESS, withField(path, 4));
      yield* upgrade();
      const proxy = yield* cluster.peek(TARS_EGRESS);
      assert.include(JSON.stringify(proxy?.spec), '"minReplicas":4');
    }).pipe(on()),
  );
});

describe("going back when the new chart dropped an object", () => {
  const scenario: Scenario = {
    installed: tarsChart({ version: "1.1.0", workloads: ["envoy-gateway", "legacy"] }),
    chart: tarsChart({ version: "1.2.0", workloads: ["envoy-gateway"] }),
  };
  const afterRefusal = Effect.gen(function* () {
    yield* (yield* FakeHelm).breakStep("pre-upgrade hook", "no");
    yield* upgrade();
    return (yield* historyLines).slice(1).map((line) => line.split(" ").slice(0, 2).join(" "));
  });

  it.effect.each(["v3.21.4", "v4.0.4", "v4.1.4"])("fails in %s", (helm) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* afterRefusal, ["2 superseded", "3 failed"]);
    }).pipe(Effect.provide(world({ ...scenario, helm }))),
  );

  it.effect.each(["v4.0.5", "v4.2.1"])("works in %s", (helm) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* afterRefusal, ["2 failed", "3 deployed"]);
    }).pipe(Effect.provide(world({ ...scenario, helm }))),
  );
});

it.effect("a rollback that starts from its own manifest does not restore a custom resource", () =>
  Effect.gen(function* () {
    // The automatic rollback dies before it applies anything; its record has the old manifest all the same.
    yield* (yield* FakeHelm).breakStep("pre-rollback hook", "no", 1);
    yield* upgrade();
    assert.strictEqual((yield* rollback(1)).code, 0);
    const cluster = yield* FakeCluster;
    assert.include(JSON.stringify((yield* cluster.peek(TARS_EGRESS))?.spec), "envoy-1.2.0");
    yield* TestClock.adjust("1 minute");
    assert.include(JSON.stringify((yield* cluster.peek(EGRESS))?.spec), "envoy-1.2.0");
  }).pipe(Effect.provide(world({ chart: neverReady }))),
);

const imageOf = Effect.fnUntraced(function* (name: string) {
  const cluster = yield* FakeCluster;
  const live = yield* cluster.peek({ type: Deployment, name, namespace: "tars-system" });
  return stringAt(live, "spec", "template", "spec", "containers", 0, "image");
});

it.effect("what a cancelled upgrade was applying lands beside its rollback", () =>
  Effect.gen(function* () {
    const helm = yield* Helm;
    const { exit } = yield* simulate(
      Effect.scoped(
        Effect.gen(function* () {
          const run = yield* helm.upgrade({
            release: DEFAULT_RELEASE,
            chart: EMBEDDED_CHART,
            values: Redacted.make({}),
            timeout: Duration.minutes(5),
            atomic: true,
          });
          yield* Effect.sleep("1 second");
          yield* run.cancel;
          return yield* run.exit;
        }),
      ),
    );
    yield* exit;
    assert.strictEqual((yield* historyLines).at(-1), "3 deployed Rollback to 1");
    assert.match((yield* imageOf("envoy-gateway")) ?? "", /:1\.1\.0$/);
    // The request was on its way when the rollback saw nothing to undo.
    assert.match((yield* imageOf("ai-gateway")) ?? "", /:1\.2\.0$/);
  }).pipe(
    Effect.provide(
      world({
        faults: [
          {
            trouble: slow("2 seconds"),
            actor: "helm",
            verb: "replace",
            kind: "Deployment",
            name: "ai-gateway",
            times: 1,
          },
        ],
      }),
    ),
  ),
);
