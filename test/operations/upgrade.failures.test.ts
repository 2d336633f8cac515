/** Upgrades that fail after Helm was started, and where they leave the release. */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import { Deployment, Secret } from "../../src/domain/kube/objects.ts";
import { warningText } from "../../src/render/warnings/warning.ts";
import {
  answerLost,
  dataPlane,
  EGRESS,
  FakeCluster,
  FakeEnvoyGateway,
  FakeHelm,
  gateStates,
  HELM_3,
  HELM_4,
  hintsOf,
  historyLines,
  outboxEvents,
  Recorder,
  rejected,
  restoreRecords,
  runUpgrade,
  tarsChart,
  unreachable,
  withField,
  withRevisionStatus,
  world,
} from "../fakes/index.ts";

const RUNNING_AGAIN = "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2";

/** The release's own workloads of this chart never become ready. */
const badWorkloads = tarsChart({ version: "1.2.0", imageTag: "never-ready" });
/** The release is fine, its data plane is not. */
const badDataPlane = tarsChart({ version: "1.2.0", envoyTag: "crash-loop" });
const NOT_READY =
  "pod tars-system/ai-gateway-h2wnw7gbb-rk8kn, container ai-gateway (image gcr.io/acme/tars/ai-gateway:never-ready) runs but is not ready: NotReady: Readiness probe failed: HTTP probe failed with statuscode: 503";
const CRASHES =
  "pod tars-dataplane/egress-g46zwdlbb-xmbnw, container envoy (image gcr.io/acme/tars/envoy:crash-loop) keeps crashing: CrashLoopBackOff: exit code 1, restarted 3 times";

const rollbackCommands = Effect.gen(function* () {
  const { invocations } = yield* FakeHelm;
  return (yield* invocations)
    .filter(({ args }) => args[0] === "rollback")
    .map(({ args }) => args.slice(0, 3).join(" "));
});

describe("workloads that never become ready", () => {
  it.effect.each([HELM_3, HELM_4])("are rolled back by Helm %s, and that is verified", (helm) =>
    Effect.gen(function* () {
      const { error, elapsed } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.strictEqual(error?.exitCode, 20);
      assert.strictEqual(
        error?.what,
        "upgrade failed (revision 2); rolled back to revision 1 (recorded as revision 3) and verified",
      );
      assert.deepStrictEqual(error?.why, [NOT_READY]);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        '2 failed Upgrade "tars" failed: context deadline exceeded',
        "3 deployed Rollback to 1",
      ]);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      assert.deepStrictEqual(yield* rollbackCommands, []);
      assert.isAbove(elapsed, Duration.toMillis("10 minutes"));
    }).pipe(Effect.provide(world({ helm, chart: badWorkloads }))),
  );

  it.effect("are told to the deployment history as a failed upgrade, on its own revision", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const [event, ...others] = yield* outboxEvents;
      assert.deepStrictEqual(others, []);
      assert.deepInclude(event, {
        operation: "upgrade",
        status: "failed",
        helm_revision: 2,
        error_code: "UpgradeRolledBack",
        error_summary: NOT_READY,
        from_version: "1.1.0",
        to_version: "1.2.0",
      });
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("stay for inspection with --no-atomic", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { atomic: false } });
      assert.strictEqual(error?._tag, "UpgradeLeftInPlace");
      assert.strictEqual(error?.exitCode, 22);
      assert.deepStrictEqual(yield* historyLines, [
        "1 deployed Install complete",
        '2 failed Upgrade "tars" failed: context deadline exceeded',
      ]);
      assert.deepInclude(hintsOf(error), {
        title: "When you are done inspecting, roll back:",
        commands: ["helm rollback tars 1 -n tars-system"],
      });
      const [event] = yield* outboxEvents;
      assert.deepInclude(event, { status: "failed", helm_revision: 2 });
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("do not spoil the next upgrade", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const { result } = yield* runUpgrade({
        options: { chart: { _tag: "Local", path: "/charts/good" } },
      });
      assert.strictEqual(result?.revision, 4);
      assert.strictEqual(result?.rollbackRevision, 3);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed", 4: "passed" });
    }).pipe(
      Effect.provide(
        world({ chart: badWorkloads, charts: { "/charts/good": tarsChart({ version: "1.2.1" }) } }),
      ),
    ),
  );
});

describe("a data plane that never becomes ready", () => {
  it.effect.each([HELM_3, HELM_4])("is rolled back by us, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(error?.why, [CRASHES]);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 superseded Upgrade complete",
        "3 deployed Rollback to 1",
      ]);
      assert.deepStrictEqual(yield* rollbackCommands, ["rollback tars 1"]);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      const { events } = yield* Recorder;
      assert.deepInclude(yield* events, {
        _tag: "RollbackStarted",
        revision: 1,
        why: CRASHES,
      });
      const [event] = yield* outboxEvents;
      assert.deepInclude(event, { status: "failed", helm_revision: 2 });
    }).pipe(Effect.provide(world({ helm, chart: badDataPlane }))),
  );

  it.effect("is judged within the same timeout that Helm had", () =>
    Effect.gen(function* () {
      const { timeline } = yield* Recorder;
      yield* runUpgrade({ options: { timeout: Duration.minutes(3), failFast: false } });
      const at = (tag: string) =>
        Effect.map(timeline, (all) => all.find(({ event }) => event._tag === tag)?.at ?? 0);
      const spent = (yield* at("RollbackStarted")) - (yield* at("HelmUpgradeStarted"));
      assert.approximately(spent, Duration.toMillis("3 minutes"), 2_000);
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("stays with --no-atomic", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { atomic: false } });
      assert.strictEqual(error?._tag, "UpgradeLeftInPlace");
      assert.deepStrictEqual(yield* rollbackCommands, []);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("is never gone back to, though Helm calls it deployed", () =>
    Effect.gen(function* () {
      yield* runUpgrade({ options: { atomic: false } });
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* rollbackCommands, ["rollback tars 1"]);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("is never gone back to after a restore from a backup", () =>
    Effect.gen(function* () {
      yield* runUpgrade({ options: { atomic: false } });
      yield* restoreRecords;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* rollbackCommands, ["rollback tars 1"]);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("that is only stale does not count as upgraded", () =>
    Effect.gen(function* () {
      yield* (yield* FakeEnvoyGateway).setAwake(false);
      const { error } = yield* runUpgrade();
      // The old pods were fine all along, so going back succeeds even though nobody acts on it.
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(error?.why, [
        "egress: image not updated yet (gcr.io/acme/tars/envoy:envoy-1.1.0 → gcr.io/acme/tars/envoy:envoy-1.2.0)",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("whose rollback cannot be seen to work is the operator's now", () =>
    Effect.gen(function* () {
      const envoyGateway = yield* FakeEnvoyGateway;
      yield* Effect.forkChild(
        Effect.andThen(Effect.sleep("20 seconds"), envoyGateway.setAwake(false)),
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "RollbackFailed");
      assert.strictEqual(error?.exitCode, 21);
      assert.deepStrictEqual(error?.why, [
        `upgrade: ${CRASHES}`,
        "rollback: the data plane did not come back: egress: image not updated yet (gcr.io/acme/tars/envoy:crash-loop → gcr.io/acme/tars/envoy:envoy-1.1.0)",
      ]);
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("is waited for while it is only slow", () =>
    Effect.gen(function* () {
      const { result, elapsed } = yield* runUpgrade();
      assert.strictEqual(result?.dataPlane, "Settled");
      assert.isAbove(elapsed, 2 * 120_000 + 15_000);
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "slow-120" }) })),
    ),
  );

  it.effect("is watched through an API server that comes and goes", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.dataPlane, "Settled");
    }).pipe(
      Effect.provide(
        world({
          faults: [
            {
              trouble: unreachable,
              actor: "tare",
              verb: "list",
              kind: "Gateway",
              skip: 3,
              times: 4,
            },
          ],
        }),
      ),
    ),
  );
});

describe("a rollback that fails", () => {
  it.effect("for a record that nobody can read names it", () =>
    Effect.gen(function* () {
      const [cluster, helm] = yield* Effect.all([FakeCluster, FakeHelm]);
      const name = "sh.helm.release.v1.tars.v3";
      const labels = { owner: "helm", name: "tars", version: "3", status: "deployed" };
      yield* helm.beforeUpgrade(
        Effect.asVoid(
          cluster.seed(Secret, {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name, namespace: "tars-system", labels },
            type: "helm.sh/release.v1",
            data: { release: "" },
          }),
        ),
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "RollbackFailed");
      assert.deepStrictEqual(error?.why, [
        `upgrade: ${CRASHES}`,
        `rollback: Secret tars-system/${name} cannot be read (it is empty)`,
      ]);
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("is reported with both causes and where to go by hand", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("pre-rollback hook", "job failed: BackoffLimitExceeded");
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "RollbackFailed");
      assert.strictEqual(error?.exitCode, 21);
      assert.deepStrictEqual(error?.why, [
        `upgrade: ${CRASHES}`,
        "rollback: pre-rollback hooks failed: job failed: BackoffLimitExceeded",
      ]);
      assert.deepInclude(hintsOf(error), {
        title: "Roll back to the last good revision manually:",
        commands: ["helm rollback tars 1 -n tars-system --wait"],
      });
      assert.deepStrictEqual((yield* historyLines).at(-1), "6 pending-rollback Rollback to 1");
      const [event] = yield* outboxEvents;
      assert.deepInclude(event, { status: "failed", error_code: "RollbackFailed" });
    }).pipe(Effect.provide(world({ chart: badDataPlane }))),
  );

  it.effect("inside Helm is tried again by us, by number", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("pre-rollback hook", "webhook not ready", 1);
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* rollbackCommands, ["rollback tars 1"]);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        '2 failed Upgrade "tars" failed: context deadline exceeded',
        "3 pending-rollback Rollback to 1",
        "4 deployed Rollback to 1",
      ]);
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect(
    "half-way inside Helm leaves an EnvoyProxy behind, which is restored before anything is called verified",
    () =>
      Effect.gen(function* () {
        const helm = yield* FakeHelm;
        yield* helm.breakStep("pre-rollback hook", "webhook not ready", 1);
        const { error } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "UpgradeRolledBack");
        assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
        const recorder = yield* Recorder;
        const warnings = (yield* recorder.events).flatMap((event) =>
          event._tag === "Warning" ? [warningText(event.warning)] : [],
        );
        assert.isTrue(
          warnings.some((message) =>
            /left EnvoyProxy tars-system\/\S+ as it was \(.*\); restoring/.test(message),
          ),
        );
      }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("because the API server turns it away is asked for again", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* rollbackCommands, [
        "rollback tars 1",
        "rollback tars 1",
        "rollback tars 1",
      ]);
      assert.deepStrictEqual((yield* historyLines).at(-1), "3 deployed Rollback to 1");
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
    }).pipe(
      Effect.provide(
        world({
          chart: badDataPlane,
          faults: [
            {
              trouble: unreachable,
              actor: "helm",
              verb: "create",
              kind: "Secret",
              name: /v3$/,
              times: 2,
            },
          ],
        }),
      ),
    ),
  );

  it.effect("because of an object that the new chart dropped is tried again by us", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep("pre-upgrade hook", "migration failed");
      const { error } = yield* runUpgrade();
      // Starting from the rollback's own manifest the object is known again.
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        '2 superseded Upgrade "tars" failed: pre-upgrade hooks failed: migration failed',
        '3 failed Rollback "tars" failed: no Deployment with the name "legacy" found',
        "4 deployed Rollback to 1",
      ]);
    }).pipe(
      Effect.provide(
        world({
          installed: tarsChart({ version: "1.1.0", workloads: ["envoy-gateway", "legacy"] }),
          chart: tarsChart({ version: "1.2.0", workloads: ["envoy-gateway"] }),
        }),
      ),
    ),
  );
});

describe("a superseded revision that failed once", () => {
  it.effect("is what Helm goes back to, and we go on to the last good one", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.strictEqual(
        error?.what,
        "upgrade failed (revision 4); rolled back to revision 1 (recorded as revision 6) and verified",
      );
      assert.deepStrictEqual((yield* historyLines).slice(3), [
        '4 failed Upgrade "tars" failed: context deadline exceeded',
        "5 superseded Rollback to 2",
        "6 deployed Rollback to 1",
      ]);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
    }).pipe(
      Effect.provide(
        world({
          chart: badWorkloads,
          revisions: [
            { status: "deployed" },
            {
              status: "superseded",
              description: 'Upgrade "tars" failed: pre-upgrade hooks failed: migration failed',
              chart: tarsChart({ version: "1.1.5" }),
            },
            { status: "failed", description: 'Rollback "tars" failed: no Deployment found' },
          ],
        }),
      ),
    ),
  );
});

describe("an upgrade that Helm never started", () => {
  it.effect("for a chart that does not render leaves no trace but the event", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* helm.breakStep(
        "render",
        "values don't meet the specifications of the schema(s) in the following chart(s):\ntars:\n- at '/ha/enabled': got string, want boolean\n",
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeNotStarted");
      assert.strictEqual(error?.exitCode, 23);
      assert.deepStrictEqual(error?.why, [
        "values don't meet the specifications of the schema(s) in the following chart(s):; tars:; at '/ha/enabled': got string, want boolean",
      ]);
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      assert.deepStrictEqual(yield* gateStates, {});
      const [event] = yield* outboxEvents;
      assert.notProperty(event, "helm_revision");
    }).pipe(Effect.provide(world())),
  );

  it.effect("because it may not write its record leaves the release alone", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeNotStarted");
      assert.deepStrictEqual(yield* gateStates, {});
    }).pipe(
      Effect.provide(
        world({
          faults: [
            { trouble: rejected("no new Secrets"), actor: "helm", verb: "create", kind: "Secret" },
          ],
        }),
      ),
    ),
  );

  it.effect("because another one was faster is not ours to mend", () =>
    Effect.gen(function* () {
      const [cluster, helm] = yield* Effect.all([FakeCluster, FakeHelm]);
      yield* helm.beforeUpgrade(
        Effect.asVoid(
          Effect.orDie(
            cluster.edit(
              { type: Secret, name: "sh.helm.release.v1.tars.v1", namespace: "tars-system" },
              withRevisionStatus("pending-upgrade"),
            ),
          ),
        ),
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "OperationInProgress");
      assert.strictEqual(error?.exitCode, 13);
    }).pipe(Effect.provide(world())),
  );
});

describe("a refused object", () => {
  it.effect("fails the revision and is rolled back", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(error?.why[0] ?? "", /^cannot patch "envoy-gateway" with kind Deployment: /);
    }).pipe(
      Effect.provide(
        world({
          faults: [
            {
              trouble: rejected("not today"),
              actor: "helm",
              verb: "replace",
              kind: Deployment.kind,
              times: 1,
            },
          ],
        }),
      ),
    ),
  );
});

describe("a Helm that ends badly", () => {
  it.effect.each([HELM_3, HELM_4])(
    "because it takes its own record for another operation's is brought back: Helm %s",
    (helm) =>
      Effect.gen(function* () {
        const { error } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "UpgradeRolledBack");
        assert.match(error?.why.join() ?? "", /the answer to Helm's first write was lost/);
        assert.deepStrictEqual(yield* historyLines, [
          "1 superseded Install complete",
          "2 pending-upgrade Preparing upgrade",
          "3 deployed Rollback to 1",
        ]);
        const [event] = yield* outboxEvents;
        assert.deepInclude(event, { status: "failed", helm_revision: 2 });
      }).pipe(
        Effect.provide(
          world({
            helm,
            faults: [
              {
                trouble: {
                  _tag: "Fail",
                  reason: "Conflict",
                  detail: "it exists",
                  afterwards: true,
                },
                actor: "helm",
                verb: "create",
                kind: "Secret",
                times: 1,
              },
            ],
          }),
        ),
      ),
  );

  it.effect("by SIGKILL leaves the release pending, and we bring it back", () =>
    Effect.gen(function* () {
      const helm = yield* FakeHelm;
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("30 seconds"), helm.kill));
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(error?.why, ["helm was ended by a signal"]);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 pending-upgrade Preparing upgrade",
        "3 deployed Rollback to 1",
      ]);
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("because its last write got lost is brought back too", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 pending-upgrade Preparing upgrade",
        "3 deployed Rollback to 1",
      ]);
    }).pipe(
      Effect.provide(
        world({
          faults: [
            {
              trouble: unreachable,
              actor: "helm",
              verb: "replace",
              kind: "Secret",
              name: /v2$/,
              times: 1,
            },
          ],
        }),
      ),
    ),
  );

  it.effect("although its last write arrived is an upgrade that worked", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.dataPlane, "Settled");
      assert.deepStrictEqual(yield* gateStates, { 2: "passed" });
    }).pipe(
      Effect.provide(
        world({
          faults: [
            {
              trouble: answerLost,
              actor: "helm",
              verb: "replace",
              kind: "Secret",
              name: /v2$/,
              times: 1,
            },
          ],
        }),
      ),
    ),
  );
});

it.effect("a data plane that is scaled by its HPA is judged at its own size", () =>
  Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    yield* cluster.edit(EGRESS, withField("spec.replicas", 5));
    const { result } = yield* runUpgrade({ options: { timeout: Duration.minutes(30) } });
    assert.strictEqual(result?.dataPlane, "Settled");
    const live = yield* cluster.peek(EGRESS);
    assert.deepInclude(live?.status, { readyReplicas: 5, updatedReplicas: 5, replicas: 5 });
  }).pipe(Effect.provide(world())),
);

describe("an API server that is away for a moment after Helm has ended", () => {
  it.effect("is waited for, not taken for a failed upgrade", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      // Six lists of release records pass (discovery, the manifest, the dry run, the look before Helm, Helm itself); those after it do not.
      yield* cluster.inject({
        trouble: unreachable,
        actor: "helm",
        verb: "list",
        kind: "Secret",
        skip: 6,
        times: 2,
      });
      const { result, error } = yield* runUpgrade();
      assert.isUndefined(error);
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 deployed Upgrade complete",
      ]);
    }).pipe(Effect.provide(world())),
  );
});
