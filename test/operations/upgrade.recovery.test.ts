/**
 * What the next run makes of a release, a lock and a journal that a killed one left behind: docs/recovery.md, line by line.
 *
 * | docs/recovery.md | here, or in |
 * | --- | --- |
 * | step 1: the lock, at once or after 30 s | test/services/lock/ReleaseLock.test.ts, "a lock that somebody holds" |
 * | step 1: who lives is named, or waited for | "is that of the run … which is at work on it", "is waited for, for as long as …" |
 * | step 2: how the other one died | "is brought back and upgraded, at once …"; each death in test/cluster/e2e/kill-suite.ts |
 * | step 3: Helm here, Helm elsewhere | "waits for a Helm of the dead run …", "left by … is touched only after all timeouts …" |
 * | step 3: proxies that were held | test/cluster/e2e/kill-hold.test.ts, test/operations/upgrade.hold.test.ts |
 * | step 4: the row | "has a row for the attempt that died …", "a run that died" |
 * | step 5: --recover, yes, no; replicas | "is recovered when somebody …", "keeps replicas that ran" |
 * | step 5: the printed commands, pasted | test/cluster/e2e/kill-suite.ts, "by the printed command" and every pending release |
 * | which runs take the steps | "without --recover is explained, and nothing is written" |
 * | the table, row by row | "a pending release", "a release of which nothing is deployed …", "a release with two deployed revisions" |
 * | the table: commands by hand, pasted | test/cluster/e2e/refusals.test.ts, the last three tests |
 * | the journal | "the journal" |
 * | what was measured | test/cluster/e2e/kill-suite.ts writes the table (TARE_TEST_RECOVERY_TABLE) |
 */
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Layer, Redacted } from "effect";
import {
  ConfigMap,
  Deployment,
  Namespace,
  numberAt,
  ResourceQuota,
  Secret,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import { type ProcessIdentity, showProcess } from "../../src/domain/processes/process-identity.ts";
import { gateRecordName } from "../../src/domain/release/gate-record.ts";
import {
  encodeRunRecord,
  JOURNAL_SCHEMA_VERSION,
  journalName,
  type RunRecord,
  type RunStep,
  withStep,
} from "../../src/domain/run/run-journal.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { Helm } from "../../src/services/helm/Helm.ts";
import { ReleaseLock } from "../../src/services/lock/ReleaseLock.ts";
import { ReleaseRecords } from "../../src/services/release/ReleaseRecords.ts";
import {
  EMBEDDED_CHART,
  FakeCluster,
  FakeHelm,
  FakeJournalFiles,
  FakeProcesses,
  FakePrompts,
  forbidden,
  hang,
  hintsOf,
  historyLines,
  INSTALLED_VALUES,
  NOTED_RUN,
  outboxEvents,
  processElsewhere,
  processOn,
  Recorder,
  runAs,
  runUpgrade,
  SERVER,
  TARS_EGRESS,
  tarsChart,
  withField,
  withRevisionStatus,
  world,
  writesOf,
} from "../fakes/index.ts";

const KILLED_HERE = processOn(4711);
const PENDING = [
  { status: "deployed" },
  { status: "pending-upgrade", chart: tarsChart({ version: "1.2.0" }) },
] as const;

const MINUTE = 60_000;

/** Has the lock of the release, and renews it, until the scope ends. */
const atWork = Effect.flatMap(ReleaseLock, (locks) =>
  locks.acquire(DEFAULT_RELEASE, { waitAtMost: Duration.zero, onNews: () => Effect.void }),
);

/** The journal of a run that got as far as the steps it had begun. */
const leaveJournal = (process: ProcessIdentity, begun: ReadonlyArray<RunStep>, baseRevision = 1) =>
  Effect.gen(function* () {
    const [cluster, records] = yield* Effect.all([FakeCluster, ReleaseRecords]);
    const baseUid = (yield* records.secretUids(DEFAULT_RELEASE)).get(baseRevision);
    const at = "2026-11-22T10:14:02.000Z";
    const record = begun.reduce<RunRecord>((all, step) => withStep(all, step, "begun", at), {
      schemaVersion: JOURNAL_SCHEMA_VERSION,
      ...NOTED_RUN,
      process,
      baseRevision,
      ...(baseUid === undefined ? {} : { baseUid }),
      startedAt: at,
      steps: [],
    });
    yield* cluster.seed(ConfigMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: journalName(DEFAULT_RELEASE), namespace: DEFAULT_RELEASE.namespace },
      data: { "run.json": encodeRunRecord(record) },
    });
  });

const IN_HELM: ReadonlyArray<RunStep> = ["crds", "upgrade", "helm-upgrade"];

const everyWarning = Effect.flatMap(Recorder, (recorder) =>
  Effect.map(recorder.warnings, (lines) => lines.join("\n")),
);

const RECOVERED = [
  "1 superseded Install complete",
  "2 pending-upgrade Preparing upgrade",
  "3 superseded Rollback to 1",
  "4 deployed Upgrade complete",
];

describe("a pending release", () => {
  it.effect("is brought back and upgraded, at once when the dead run was on this machine", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const { result, elapsed } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(result?.revision, 4);
      assert.deepStrictEqual(yield* historyLines, RECOVERED);
      assert.isBelow(elapsed, 5 * MINUTE);
      const said = yield* everyWarning;
      assert.include(
        said,
        "a run by operator on build-1 (process 4711, 1.1.0 → 1.2.0) died in phase 5, while helm upgrade was at work; it last wrote at 2026-11-22 10:14:02 UTC",
      );
      assert.deepInclude(yield* (yield* Recorder).events, {
        _tag: "ReleaseRecovered",
        release: DEFAULT_RELEASE,
        restored: 1,
        deployed: 3,
      });
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("stays as it is where nothing can be made any more", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(Namespace, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "tars-dataplane", deletionTimestamp: "2026-11-22T10:14:02Z" },
      });
      const { error } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(error?.exitCode, 10);
      assert.include(error?.why[0], "namespace tars-dataplane is being deleted since");
      const writes = [...(yield* writesOf("tare")), ...(yield* writesOf("helm"))];
      assert.deepStrictEqual(writes, []);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("stays as it is where the run is told of another data-plane namespace", () =>
    Effect.gen(function* () {
      const options = { recover: true, dataplaneNamespace: "elsewhere" };
      const { error } = yield* runUpgrade({ options });
      assert.strictEqual(error?._tag, "DataPlaneNamespaceMismatch");
      const writes = [...(yield* writesOf("tare")), ...(yield* writesOf("helm"))];
      assert.deepStrictEqual(writes, []);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("stays as it is where a quota has no room for one record more", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(ResourceQuota, {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "tenant", namespace: "tars-system" },
        status: { hard: { "count/secrets": "9" }, used: { "count/secrets": "9" } },
      });
      const { error } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(error?.exitCode, 10);
      assert.include(
        error?.why[0],
        "quota tenant of namespace tars-system has 9 of 9 count/secrets",
      );
      const writes = [...(yield* writesOf("tare")), ...(yield* writesOf("helm"))];
      assert.deepStrictEqual(writes, []);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is checked for HA as it is after that, not as the dead run had left it", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const cluster = yield* FakeCluster;
      const path = "spec.provider.kubernetes.envoyHpa.minReplicas";
      yield* cluster.edit(TARS_EGRESS, withField(path, 1));
      const { result } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(result?.revision, 4);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect(
    "is not counted as the time of the phase that finds it, be it waited for or asked",
    () =>
      Effect.gen(function* () {
        yield* leaveJournal(processElsewhere("laptop"), IN_HELM);
        const { result, elapsed } = yield* runUpgrade({ options: { recover: true } });
        assert.strictEqual(result?.revision, 4);
        assert.isAtLeast(elapsed, 10 * MINUTE);
        const { events } = yield* Recorder;
        const discovery = (yield* events).flatMap((event) =>
          "phase" in event && event.phase.id === "discover" ? [event] : [],
        );
        assert.deepStrictEqual(
          discovery.map(({ _tag }) => _tag),
          ["PhaseStarted", "PhaseFinished"],
        );
        const recovery = (yield* events).flatMap((event) =>
          event._tag === "RecoveryFinished" ? [event] : [],
        );
        assert.strictEqual(recovery[0]?.succeeded, true);
        assert.isAtLeast(recovery[0]?.millis ?? 0, 10 * MINUTE);
        const [, finished] = discovery;
        assert.isTrue(finished?._tag === "PhaseFinished" && finished.succeeded);
        assert.isBelow(finished?._tag === "PhaseFinished" ? finished.millis : MINUTE, 5_000);
      }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is looked at anew after that, each thing once: rights, certificate, CRDs", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      yield* runUpgrade({ options: { recover: true } });
      const requests = yield* (yield* FakeCluster).requests;
      const named = (suffix: string) => requests.findIndex(({ name }) => name.endsWith(suffix));
      const [recovered, crdsLocked] = [named(".v3"), named("tare-crds")];
      const between = requests
        .slice(recovered, crdsLocked)
        .map(({ verb, kind, name }) => `${verb} ${kind} ${name}`.trim());
      const count = (line: string) => between.filter((one) => one === line).length;
      assert.strictEqual(count("review"), 1);
      assert.strictEqual(count("get Secret ai-gateway-webhook-cert"), 1);
      assert.strictEqual(count("list CustomResourceDefinition"), 1);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("keeps replicas that ran, through the way back and the upgrade", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const cluster = yield* FakeCluster;
      const controller = { type: Deployment, name: "envoy-gateway", namespace: "tars-system" };
      yield* cluster.edit(controller, withField("spec.replicas", 5));
      const { result } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(result?.revision, 4);
      assert.strictEqual(numberAt(yield* cluster.peek(controller), "spec", "replicas"), 5);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("has a row for the attempt that died, and one for the run that went on", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      yield* runUpgrade({ options: { recover: true } });
      const [dead, own, ...others] = yield* outboxEvents;
      assert.deepInclude(dead, { status: "failed", error_code: "Killed", helm_revision: 2 });
      assert.deepInclude(own, { status: "success", helm_revision: 4 });
      assert.deepStrictEqual(others, []);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("without --recover is explained, and nothing is written", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, 13);
      const why = error?.why.join("\n") ?? "";
      assert.include(why, "an upgrade that began 1969-12-02T00:00:00Z");
      assert.include(why, "by operator on build-1 (process 4711, 1.1.0 → 1.2.0)");
      assert.include(why, "its process is gone");
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect.each([
    ["on this machine", processOn(4712)],
    ["on another machine", processElsewhere("laptop")],
  ] as const)("is that of the run %s which is at work on it: that one is named", ([, other]) =>
    Effect.gen(function* () {
      yield* leaveJournal(other, IN_HELM);
      yield* runAs(other)(atWork);
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "AnotherRunHoldsTheLock");
      assert.include(error?.why.join("\n"), showProcess(other));
      assert.strictEqual((yield* historyLines).length, 2);
    }).pipe(Effect.scoped, Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is waited for, for as long as the operator said, while its run is at work", () =>
    Effect.gen(function* () {
      const other = processOn(4712);
      yield* leaveJournal(other, IN_HELM);
      const helm = yield* Helm;
      const ending = Effect.gen(function* () {
        yield* atWork;
        yield* Effect.sleep("2 minutes");
        yield* helm.rollback({
          release: DEFAULT_RELEASE,
          revision: 1,
          timeout: Duration.minutes(5),
        });
      });
      yield* Effect.forkChild(Effect.scoped(runAs(other)(ending)));
      const { result, elapsed } = yield* runUpgrade({
        options: { lockTimeout: Duration.minutes(20) },
      });
      assert.strictEqual(result?.revision, 4);
      assert.isAtLeast(elapsed, 2 * MINUTE);
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is recovered when the operator at the terminal says yes", () =>
    Effect.gen(function* () {
      const operator = yield* FakePrompts;
      yield* operator.answerWith({ confirm: true });
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 4);
      assert.deepInclude((yield* operator.asked)[0], {
        _tag: "Recover",
        to: 1,
        noun: "the upgrade",
      });
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is left alone when the operator says no", () =>
    Effect.gen(function* () {
      yield* (yield* FakePrompts).answerWith({ confirm: false });
      assert.strictEqual((yield* runUpgrade()).error?._tag, "OperationInProgress");
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("waits for a Helm of the dead run that is still at work here", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const processes = yield* FakeProcesses;
      const words = ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"];
      yield* processes.start({ pid: 4712, words, cluster: SERVER });
      // The same release of another cluster is nobody's concern here.
      yield* processes.start({ pid: 4713, words, cluster: "https://elsewhere:6443" });
      yield* Effect.forkChild(Effect.delay(processes.end(4712), "3 minutes"));
      const { result, elapsed } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(result?.revision, 4);
      assert.isAtLeast(elapsed, 3 * MINUTE);
      assert.include(yield* everyWarning, "waiting for a running helm (process 4712) to finish");
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("is waited for without --recover, and what that Helm did is gone on from", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const [cluster, processes] = [yield* FakeCluster, yield* FakeProcesses];
      const words = ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"];
      yield* processes.start({ pid: 4712, words, cluster: SERVER });
      const name = "sh.helm.release.v1.tars.v2";
      const ending = cluster
        .edit({ type: Secret, name, namespace: "tars-system" }, withRevisionStatus("deployed"))
        .pipe(Effect.andThen(processes.end(4712)));
      yield* Effect.forkChild(Effect.delay(ending, "3 minutes"));
      const { result, elapsed } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 3);
      assert.isAtLeast(elapsed, 3 * MINUTE);
      assert.include(yield* everyWarning, "waiting for a running helm (process 4712) to finish");
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect.each([
    ["on this machine, whose Helm is gone", KILLED_HERE, true],
    ["on another machine, whose Helm may live", processElsewhere("laptop"), false],
  ] as const)("has a way back by hand after a death %s: %s", ([, process, isPrinted]) =>
    Effect.gen(function* () {
      yield* leaveJournal(process, IN_HELM);
      const { error } = yield* runUpgrade();
      const commands = hintsOf(error).flatMap((hint) => hint.commands) ?? [];
      assert.include(commands, "tare upgrade identity.json --recover");
      assert.strictEqual(
        commands.some((command) => command.startsWith("helm rollback")),
        isPrinted,
      );
    }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect("that is about to be: a Helm of the dead run has not written its revision yet", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, IN_HELM);
      const [processes, helm] = yield* Effect.all([FakeProcesses, Helm]);
      const words = ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"];
      yield* processes.start({ pid: 4712, words, cluster: SERVER });
      const orphan = Effect.gen(function* () {
        yield* Effect.sleep("1 minute");
        const run = yield* helm.upgrade({
          release: DEFAULT_RELEASE,
          chart: EMBEDDED_CHART,
          values: Redacted.make(INSTALLED_VALUES),
          timeout: Duration.minutes(5),
          atomic: true,
        });
        yield* run.exit;
        yield* processes.end(4712);
      }).pipe(Effect.scoped, Effect.orDie);
      yield* Effect.forkChild(orphan);
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 3);
      assert.include(yield* everyWarning, "waiting for a running helm (process 4712) to finish");
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    ["a run on another machine", true],
    ["nobody knows whom", false],
  ] as const)(
    "left by %s is touched only after all timeouts of its Helm have passed",
    ([, known]) =>
      Effect.gen(function* () {
        if (known) yield* leaveJournal(processElsewhere("laptop"), IN_HELM);
        const { result, elapsed } = yield* runUpgrade({ options: { recover: true } });
        assert.strictEqual(result?.revision, 4);
        assert.isAtLeast(elapsed, 21 * MINUTE);
        assert.isBelow(elapsed, 25 * MINUTE);
        assert.include(
          yield* everyWarning,
          `a helm on ${known ? "laptop" : "another machine"} may still be at work on revision 2`,
        );
      }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );

  it.effect(
    "in a rollback goes back to the last good revision, not to what it was rolling back to",
    () =>
      Effect.gen(function* () {
        yield* leaveJournal(KILLED_HERE, [...IN_HELM, "helm-rollback"]);
        const { result } = yield* runUpgrade({ options: { recover: true } });
        assert.strictEqual(result?.revision, 5);
        assert.strictEqual((yield* historyLines)[3], "4 superseded Rollback to 1");
      }).pipe(
        Effect.provide(
          world({
            revisions: [
              { status: "deployed" },
              { status: "failed" },
              { status: "pending-rollback", description: "Rollback to 1" },
            ],
          }),
        ),
      ),
  );

  it.effect("that was never installed to the end has one way out, and it is said", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(error?.exitCode, 13);
      const hints = hintsOf(error).flatMap(({ commands }) => commands) ?? [];
      assert.include(hints, "tare install identity.json --recover");
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world({ revisions: [{ status: "pending-install" }] }))),
  );

  it.effect(
    "whose rollback fails ends with 21, and the dead run's row is written all the same",
    () =>
      Effect.gen(function* () {
        yield* leaveJournal(KILLED_HERE, IN_HELM);
        yield* (yield* FakeHelm).breakStep("pre-rollback hook", "webhook not ready");
        const { error } = yield* runUpgrade({ options: { recover: true } });
        assert.strictEqual(error?.exitCode, 21);
        const events = yield* outboxEvents;
        assert.deepStrictEqual(
          events.map(({ helm_revision }) => helm_revision),
          [2],
        );
      }).pipe(Effect.provide(world({ revisions: PENDING }))),
  );
});

describe("a release with two deployed revisions", () => {
  const TWO = [
    { status: "superseded" },
    { status: "deployed", description: "Upgrade complete" },
    { status: "deployed", description: "Rollback to 1" },
  ] as const;

  it.effect("is upgraded, and left with one", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 4);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 superseded Upgrade complete",
        "3 superseded Rollback to 1",
        "4 deployed Upgrade complete",
      ]);
      assert.include(yield* everyWarning, "revision 2 was deployed as well");
    }).pipe(Effect.provide(world({ revisions: TWO }))),
  );

  it.effect("is upgraded as well when the record cannot be written", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 4);
      assert.include(yield* everyWarning, "could not be recorded as superseded");
    }).pipe(
      Effect.provide(
        world({
          revisions: TWO,
          faults: [{ trouble: forbidden, actor: "tare", verb: "replace", kind: "Secret" }],
        }),
      ),
    ),
  );
});

describe("a release of which nothing is deployed, though something was good", () => {
  const revisions = [{ status: "superseded" }, { status: "failed" }] as const;

  it.effect("is brought back with --recover", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade({ options: { recover: true } });
      assert.strictEqual(result?.revision, 4);
    }).pipe(Effect.provide(world({ revisions, running: 1 }))),
  );

  it.effect("says so without it", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "NoDeployedRevision");
      const hints = hintsOf(error).flatMap(({ commands }) => commands) ?? [];
      assert.include(hints, "tare upgrade identity.json --recover");
    }).pipe(Effect.provide(world({ revisions, running: 1 }))),
  );
});

describe("a run that died", () => {
  it.effect("between the CRDs and Helm is accounted for, and completed", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, ["crds"]);
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const [dead, own, ...others] = yield* outboxEvents;
      assert.deepInclude(dead, { status: "failed", error_code: "Killed" });
      assert.notProperty(dead, "helm_revision");
      assert.deepInclude(own, { status: "success", helm_revision: 2 });
      assert.deepStrictEqual(others, []);
      assert.include(yield* everyWarning, "died in phase 4, while the CRDs were written");
    }).pipe(Effect.provide(world())),
  );

  const unverified = {
    revisions: [
      { status: "superseded" },
      { status: "deployed", chart: tarsChart({ version: "1.2.0" }) },
    ],
  } as const;
  const gateLeft = (state: "running" | "passed") =>
    Effect.gen(function* () {
      const [cluster, records] = yield* Effect.all([FakeCluster, ReleaseRecords]);
      const baseUid = (yield* records.secretUids(DEFAULT_RELEASE)).get(1);
      const recordedAt = "2026-11-22T10:14:02.000Z";
      yield* cluster.seed(ConfigMap, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: gateRecordName(DEFAULT_RELEASE), namespace: DEFAULT_RELEASE.namespace },
        data: { 2: JSON.stringify({ state, baseUid, recordedAt }) },
      });
    });

  it.effect(
    "before the data plane was verified leaves a failed row and a revision nobody goes back to",
    () =>
      Effect.gen(function* () {
        yield* leaveJournal(KILLED_HERE, [...IN_HELM, "gate"]);
        yield* gateLeft("running");
        const { result } = yield* runUpgrade();
        assert.strictEqual(result?.revision, 3);
        assert.strictEqual(result?.rollbackRevision, 1);
        const [dead] = yield* outboxEvents;
        assert.deepInclude(dead, { status: "failed", error_code: "Killed", helm_revision: 2 });
        assert.include(yield* everyWarning, "while the data plane was being verified");
      }).pipe(Effect.provide(world(unverified))),
  );

  it.effect("after its data plane had passed leaves the row of a success", () =>
    Effect.gen(function* () {
      yield* leaveJournal(KILLED_HERE, [...IN_HELM, "gate"]);
      yield* gateLeft("passed");
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.rollbackRevision, 2);
      const [dead] = yield* outboxEvents;
      assert.deepInclude(dead, { status: "success", helm_revision: 2, to_version: "1.2.0" });
    }).pipe(Effect.provide(world(unverified))),
  );
});

describe("the journal", () => {
  const journalText = Effect.gen(function* () {
    const object = yield* (yield* FakeCluster).peek({
      type: ConfigMap,
      name: journalName(DEFAULT_RELEASE),
      namespace: DEFAULT_RELEASE.namespace,
    });
    return { object, text: stringAt(object, "data", "run.json") ?? "" };
  });

  it.effect("of a run that ended is closed, in the cluster and on this machine alike", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const { object, text } = yield* journalText;
      const record = JSON.parse(text) as RunRecord;
      assert.strictEqual(record.ended?.outcome, "Upgraded");
      assert.deepStrictEqual(object?.metadata.labels, {
        "tars.io/component": "upgrade-journal",
        "tars.io/release": "tars",
      });
      assert.deepStrictEqual([...(yield* (yield* FakeJournalFiles).files).values()], [text]);
      assert.deepStrictEqual(
        record.steps.map(({ step, state }) => `${step} ${state}`),
        [
          "crds begun",
          "crds done",
          "upgrade begun",
          "helm-upgrade begun",
          "helm-upgrade done",
          "gate begun",
          "gate done",
          "upgrade done",
          "event done",
        ],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("holds no run up: one slow answer, and the cluster is not asked again", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: hang, verb: "apply", name: /^tare-journal-/ });
      const { result, elapsed } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const undisturbed = yield* Effect.provide(runUpgrade(), Layer.fresh(world()));
      assert.isAtMost(elapsed - undisturbed.elapsed, 2 * 3_000);
      const asked = (yield* cluster.requests).filter(
        ({ verb, name }) => verb === "apply" && name.startsWith("tare-journal-"),
      );
      // The first word and the last.
      assert.strictEqual(asked.length, 2);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that may not be written fails nobody's run", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
    }).pipe(Effect.provide(world({ faults: [{ trouble: forbidden, name: /^tare-journal-/ }] }))),
  );
});
