import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect } from "effect";
import {
  Event as EventType,
  Job,
  type KubeObject,
  numberAt,
  Pod,
  refOf,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import type { ReportEvent } from "../../src/domain/report/report.ts";
import { shortReason } from "../../src/words/rollout/trouble.ts";
import {
  dataPlane,
  EMBEDDED_CHART,
  FakeCharts,
  FakeCluster,
  FakeDeployments,
  FakeEnvoyGateway,
  FakeReports,
  forbidden,
  gateStates,
  HELM_3,
  HELM_4,
  hintsOf,
  historyLines,
  neverReady,
  outboxEvents,
  RATE_LIMITER,
  Recorder,
  runUpgrade,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";

/** Rollouts in virtual time: what ends them early, what does not, and what is said of it. */

const RUNNING_AGAIN = "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2";

/** As the Job controller tells it. */
const failedCreate = ({
  kind,
  metadata: { name, namespace = "", uid },
}: KubeObject): KubeObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: `${name}.1`, namespace },
  involvedObject: { kind, name, namespace, uid },
  type: "Warning",
  reason: "FailedCreate",
  message: `Error creating: pods "${name}-x" is forbidden: exceeded quota: few, requested: pods=1`,
});

const firstAt = Effect.fnUntraced(function* (found: (event: ReportEvent) => boolean) {
  const { timeline } = yield* Recorder;
  return (yield* timeline).find(({ event }) => found(event))?.at ?? Number.NaN;
});

/** When the first pod was seen to be in that trouble. */
const seenAt = (trouble: RegExp) =>
  firstAt(
    (event) =>
      event._tag === "DataPlaneProgress" &&
      event.deployments.some(({ lastEvent }) =>
        trouble.test(lastEvent === undefined ? "" : shortReason(lastEvent)),
      ),
  );

const endedEarlyAt = firstAt(
  (event) => event._tag === "Warning" && event.warning.code === "upgrade-doomed",
);
const rollbackAt = firstAt(({ _tag }) => _tag === "RollbackStarted");

describe("a fatal pod error", () => {
  it.effect.each([HELM_3, HELM_4])(
    "of the release ends Helm's wait within 20 s, by one interrupt, with Helm %s",
    (helm) =>
      Effect.gen(function* () {
        const { error, elapsed } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "UpgradeRolledBack");
        const [why] = error?.why ?? [];
        assert.match(
          why ?? "",
          /^pod tars-system\/ai-gateway-\S+, container ai-gateway \(image gcr.io\/acme\/tars\/ai-gateway:no-such-image\) needs an image that does not exist: /,
        );
        assert.isAtMost((yield* endedEarlyAt) - (yield* seenAt(/ImagePull/)), 20_000);
        assert.isBelow(elapsed, 120_000);
        assert.deepStrictEqual(yield* historyLines, [
          "1 superseded Install complete",
          '2 failed Upgrade "tars" failed: context canceled',
          "3 deployed Rollback to 1",
        ]);
      }).pipe(
        Effect.provide(
          world({ helm, chart: tarsChart({ version: "1.2.0", imageTag: "no-such-image" }) }),
        ),
      ),
  );

  const badImage = tarsChart({ version: "1.2.0", envoyTag: "no-such-image" });

  it.effect("of the data plane ends Helm's wait too, and is told with its root cause", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.isAtMost((yield* endedEarlyAt) - (yield* seenAt(/ImagePull/)), 20_000);
      assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      const [event] = yield* outboxEvents;
      assert.match(
        event?.error_summary ?? "",
        /^pod tars-dataplane\/egress-\S+, container envoy \(image gcr.io\/acme\/tars\/envoy:no-such-image\) .*not found$/,
      );
    }).pipe(Effect.provide(world({ chart: badImage }))),
  );

  it.effect.each([HELM_3, HELM_4])(
    "of a hook, which Helm would wait for in silence, ends that too, with Helm %s",
    (helm) =>
      Effect.gen(function* () {
        const { error, elapsed } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "UpgradeRolledBack");
        assert.match(
          error?.why[0] ?? "",
          /^pod tars-system\/envoy-gateway-certgen-\S+, container job \(image gcr.io\/acme\/tars\/gateway:no-such-image\) needs an image that does not exist: /,
        );
        const commands = (hintsOf(error) ?? []).flatMap(({ commands }) => commands);
        assert.include(
          commands,
          "tare install identity.json --image-sync gcr.io/acme/tars --sync-only",
        );
        assert.isAtMost((yield* endedEarlyAt) - (yield* seenAt(/ImagePull/)), 20_000);
        assert.isBelow(elapsed, 60_000);
        assert.strictEqual(yield* dataPlane, RUNNING_AGAIN);
      }).pipe(
        Effect.provide(
          world({ helm, chart: tarsChart({ version: "1.2.0", hookTag: "no-such-image" }) }),
        ),
      ),
  );

  it.effect("of a hook whose pods are refused is told in the words of its Job's events", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.react(({ type, before, after }) =>
        type.plural === Job.plural && before === undefined && after !== undefined
          ? cluster.put(EventType, failedCreate(after))
          : type.plural === Pod.plural && after?.metadata.ownerReferences?.[0]?.kind === Job.kind
            ? cluster.purge(refOf(Pod, after))
            : undefined,
      );
      const { error, elapsed } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(
        error?.why[0] ?? "",
        /^a pod of Job tars-system\/envoy-gateway-certgen is more than the namespace's quota allows: .*exceeded quota: few/,
      );
      assert.isBelow(elapsed, 120_000);
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", hookTag: "never-ready" }) })),
    ),
  );

  it.effect("of a hook left behind by an earlier run says nothing of this one", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* runUpgrade()).error?._tag, "UpgradeRolledBack");
      const [left] = yield* (yield* FakeCluster).all(Job, "tars-system");
      assert.strictEqual(left?.metadata.name, "envoy-gateway-certgen");
      const repaired = tarsChart({ version: "1.3.0", imageTag: "slow-40" });
      yield* (yield* FakeCharts).put(EMBEDDED_CHART, repaired);
      const { events } = yield* Recorder;
      const before = (yield* events).length;
      assert.isUndefined((yield* runUpgrade()).error);
      const shown = (yield* events)
        .slice(before)
        .filter(({ _tag }) => _tag === "DataPlaneProgress");
      assert.isAbove(shown.length, 0);
      assert.notInclude(JSON.stringify(shown), "certgen");
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", hookTag: "no-such-image" }) })),
    ),
  );

  it.effect("of a missing image gives the command that syncs the images", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      const commands = (hintsOf(error) ?? []).flatMap(({ commands }) => commands);
      assert.include(
        commands,
        "tare install identity.json --image-sync gcr.io/acme/tars --sync-only",
      );
    }).pipe(Effect.provide(world({ chart: badImage }))),
  );

  it.effect("leaves a report that outlives the pods, and is named", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      const saved = yield* (yield* FakeReports).saved;
      const file = "/home/operator/.tare/reports/tars-revision-2.txt";
      const text = saved.get(file) ?? "";
      assert.include(text, `Root cause: ${error?.why[0]}`);
      assert.match(text, /container envoy: waiting, (ErrImagePull|ImagePullBackOff)/);
      assert.match(text, /Warning Failed.*: Failed to pull image/);
      const { events } = yield* Recorder;
      assert.deepInclude(yield* events, { _tag: "FailureReportSaved", file });
    }).pipe(Effect.provide(world({ chart: badImage }))),
  );

  it.effect("is waited out with --fail-fast=false", () =>
    Effect.gen(function* () {
      const timeout = Duration.minutes(3);
      const { error } = yield* runUpgrade({ options: { timeout, failFast: false } });
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      const waited = (yield* rollbackAt) - (yield* seenAt(/ImagePull/));
      assert.isAbove(waited, 120_000);
    }).pipe(Effect.provide(world({ chart: badImage }))),
  );

  it.effect("is left for inspection with --no-atomic", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { atomic: false } });
      assert.strictEqual(error?._tag, "UpgradeLeftInPlace");
      assert.include(error?.why[0], "needs an image that does not exist");
    }).pipe(Effect.provide(world({ chart: badImage }))),
  );
});

describe("a registry that is away for 40 s", () => {
  it.effect("does not end the rollout", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.dataPlane, "Settled");
      assert.isNotNaN(yield* seenAt(/503 Service Unavailable/));
    }).pipe(
      Effect.provide(
        world({
          chart: tarsChart({
            version: "1.2.0",
            imageTag: "registry-blip",
            envoyTag: "registry-blip",
          }),
        }),
      ),
    ),
  );
});

describe("a crash loop", () => {
  it.effect("ends the rollout after the third restart, not after the first", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(error?.why[0] ?? "", /keeps crashing: .*exit code 1, restarted 3 times$/);
      const crashedAt = yield* seenAt(/exit code 1/);
      const thirdAt = yield* seenAt(/restarted 3 times/);
      assert.isAbove(thirdAt, crashedAt);
      assert.isAtMost((yield* rollbackAt) - thirdAt, 20_000);
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) })),
    ),
  );
});

describe("what was broken before the upgrade", () => {
  it.effect("does not end it: only pods of a new template count", () =>
    Effect.gen(function* () {
      const deployments = yield* FakeDeployments;
      const cure = yield* deployments.afflict({
        behaviour: neverReady,
        of: ({ metadata }) => metadata.namespace === "tars-dataplane",
      });
      yield* Effect.forkChild(Effect.andThen(Effect.sleep("4 minutes"), cure));
      const { result } = yield* runUpgrade({ options: { timeout: Duration.minutes(20) } });
      assert.strictEqual(result?.dataPlane, "Settled");
    }).pipe(Effect.provide(world({ chart: tarsChart({ version: "1.2.0" }) }))),
  );
});

describe("watches that are cut", () => {
  it.effect("again and again do not end the rollout", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const cut = Effect.gen(function* () {
        yield* Effect.sleep("7 seconds");
        const mend = yield* cluster.inject({ trouble: unreachable, actor: "tare", verb: "watch" });
        yield* Effect.sleep("2 seconds");
        yield* mend;
      });
      yield* Effect.forkChild(Effect.forever(cut));
      const { result } = yield* runUpgrade({ options: { settleTime: Duration.seconds(3) } });
      assert.strictEqual(result?.dataPlane, "Settled");
    }).pipe(Effect.provide(world())),
  );

  it.effect("for good are a failure that says so, never a success", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, actor: "tare", verb: "watch" });
      const { error } = yield* runUpgrade({ options: { timeout: Duration.minutes(2) } });
      assert.strictEqual(error?._tag, "RollbackFailed");
      assert.match(error?.why[0] ?? "", /watch \w+ in .* does not answer/);
    }).pipe(Effect.provide(world())),
  );
});

describe("the rate limiter, which Envoy Gateway makes in the system namespace", () => {
  const limiter = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    const live = yield* cluster.peek(RATE_LIMITER);
    const image = stringAt(live, "spec", "template", "spec", "containers", 0, "image");
    return `${image} ${numberAt(live, "status", "readyReplicas") ?? 0}`;
  });

  it.effect("runs its new image when an upgrade has succeeded", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.isUndefined(error);
      assert.strictEqual(yield* limiter, "gcr.io/acme/tars/ratelimit:ratelimit-1.2.0 1");
      const { events } = yield* Recorder;
      const shown = (yield* events).flatMap((event) =>
        event._tag === "DataPlaneProgress" ? event.deployments : [],
      );
      assert.isTrue(
        shown.some(({ group, name }) => group === "envoy-gateway" && name === "envoy-ratelimit"),
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("whose image does not exist ends the upgrade, is in the report, and is restored", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(
        error?.why[0] ?? "",
        /^pod tars-system\/envoy-ratelimit-\S+, container envoy-ratelimit \(image gcr.io\/acme\/tars\/ratelimit:no-such-image\) needs an image that does not exist/,
      );
      const reports = yield* FakeReports;
      assert.match([...(yield* reports.saved)].join(), /envoy-ratelimit/);
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      assert.strictEqual(yield* limiter, "gcr.io/acme/tars/ratelimit:ratelimit-1.1.0 1");
    }).pipe(
      Effect.provide(
        world({ chart: tarsChart({ version: "1.2.0", rateLimitTag: "no-such-image" }) }),
      ),
    ),
  );

  it.effect("that never becomes ready is named by the gate's verdict", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { failFast: false } });
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(error?.why[0] ?? "", /envoy-ratelimit/);
    }).pipe(
      Effect.provide(
        world({ chart: tarsChart({ version: "1.2.0", rateLimitTag: "never-ready" }) }),
      ),
    ),
  );

  it.effect("that a sleeping controller left as it was is not taken for upgraded", () =>
    Effect.gen(function* () {
      const envoyGateway = yield* FakeEnvoyGateway;
      yield* envoyGateway.setAwake(false);
      const { error } = yield* runUpgrade();
      assert.match(error?.why.join() ?? "", /image not updated yet|still has/);
    }).pipe(
      Effect.provide(
        world({
          installed: tarsChart({ version: "1.1.0", envoyTag: "same" }),
          chart: tarsChart({ version: "1.2.0", envoyTag: "same" }),
        }),
      ),
    ),
  );

  it.effect("is gone when it is switched off, and nobody waits for it", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const { error } = yield* runUpgrade({ options: { rateLimiting: false } });
      assert.isUndefined(error);
      assert.isUndefined(yield* cluster.peek(RATE_LIMITER));
    }).pipe(Effect.provide(world())),
  );

  it.effect("is waited for where the account may not read the controller's settings", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(error?.why[0] ?? "", /envoy-ratelimit/);
    }).pipe(
      Effect.provide(
        world({
          chart: tarsChart({ version: "1.2.0", rateLimitTag: "no-such-image" }),
          faults: [{ trouble: forbidden, actor: "tare", verb: "watch", kind: "ConfigMap" }],
        }),
      ),
    ),
  );
});
