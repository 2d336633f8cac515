import { assert, describe, it } from "@effect/vitest";
import { Clock, Duration, Effect, Exit, Option } from "effect";
import { TestClock } from "effect/testing";
import { said } from "../../src/domain/events/failure-cause.ts";
import type { EventFacts, InstallEvent } from "../../src/domain/events/install-event.ts";
import { DELIVERY_LABEL } from "../../src/domain/events/outbox-entry.ts";
import { ConfigMap, type KubeObject, Lease } from "../../src/domain/kube/objects.ts";
import { heldLease } from "../../src/domain/lock/lease.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { DEFAULT_DOCTOR_OPTIONS, type DoctorOptions, doctor } from "../../src/operations/doctor.ts";
import { EventOutbox } from "../../src/services/events/EventOutbox.ts";
import { Helm } from "../../src/services/helm/Helm.ts";
import { ReleaseLock } from "../../src/services/lock/ReleaseLock.ts";
import { ReleaseRecords } from "../../src/services/release/ReleaseRecords.ts";
import { installEvent } from "../../src/words/events/install-event.ts";
import {
  FakeCluster,
  FakeManagementPlane,
  forbidden,
  hang,
  IDENTITY,
  processElsewhere,
  Recorder,
  rejected,
  restoreRecords,
  runUpgrade,
  serverError,
  simulate,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";

const tick = Effect.fnUntraced(function* (options: Partial<DoctorOptions> = {}) {
  const ended = yield* simulate(doctor({ ...DEFAULT_DOCTOR_OPTIONS, ...options }, IDENTITY));
  return {
    ...ended,
    report: Exit.isSuccess(ended.exit) ? ended.exit.value : undefined,
    error: Option.getOrUndefined(Exit.findErrorOption(ended.exit)),
  };
});

const rows = Effect.flatMap(FakeManagementPlane, (plane) => plane.rows);
const received = Effect.map(
  Effect.flatMap(FakeManagementPlane, (plane) => plane.received),
  (events) => events.map(({ helm_revision: revision }) => revision ?? 0),
);

const deliveries = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  const maps = yield* cluster.all(ConfigMap, DEFAULT_RELEASE.namespace);
  return maps.flatMap(({ metadata }) => metadata.labels?.[DELIVERY_LABEL] ?? []).sort();
});

const queued = (revision: number, extra: Partial<EventFacts> = {}): InstallEvent =>
  installEvent({
    release: DEFAULT_RELEASE,
    subject: { _tag: "Revision", revision, identity: `uid-of-another-installation-${revision}` },
    operation: "upgrade",
    outcome: { status: "success" },
    fromVersion: "1.0.0",
    toVersion: "1.1.0",
    startedAt: new Date(revision * 1_000),
    finishedAt: new Date(revision * 1_000 + 500),
    cliVersion: "1.2.0",
    workspaceId: "ws-1",
    source: "cli",
    ...extra,
  });

const queue = Effect.fnUntraced(function* (...revisions: ReadonlyArray<number>) {
  const outbox = yield* EventOutbox;
  for (const revision of revisions) yield* outbox.write(queued(revision));
});

const NEVER_READY = tarsChart({ version: "1.2.0", envoyTag: "never-ready" });

describe("an event that is not the doctor's own", () => {
  it.effect.each([
    ["of another workspace", { workspaceId: "ws-2" }],
    ["of another release", { release: { ...DEFAULT_RELEASE, name: "other" } }],
    ["of another namespace", { release: { ...DEFAULT_RELEASE, namespace: "elsewhere" } }],
  ] as const)("%s is not signed, and the others are sent", ([, extra]) =>
    Effect.gen(function* () {
      const outbox = yield* EventOutbox;
      const forged = queued(7, extra);
      yield* outbox.write({ ...queued(7), ...forged, event_id: queued(7).event_id });
      const cluster = yield* FakeCluster;
      const [written] = (yield* cluster.all(ConfigMap)).filter(({ metadata }) =>
        metadata.name.endsWith(queued(7).event_id),
      );
      // Somebody made it by hand, where and as the doctor looks for it.
      const metadata = {
        ...written?.metadata,
        name: written?.metadata.name ?? "",
        namespace: DEFAULT_RELEASE.namespace,
        labels: { ...written?.metadata.labels, "tars.io/release": DEFAULT_RELEASE.name },
      };
      yield* cluster.seed(ConfigMap, { ...(written as KubeObject), metadata });
      yield* queue(8);
      const { report } = yield* tick();
      assert.deepStrictEqual(
        report?.rejected.map(({ reason }) => reason),
        [{ _tag: "Foreign" }],
      );
      assert.include(yield* received, 8);
      assert.notInclude(yield* received, 7);
    }).pipe(Effect.provide(world())),
  );
});

describe("a tick", () => {
  it.effect("tells of an installation that nobody reported, once", () =>
    Effect.gen(function* () {
      const first = yield* tick();
      assert.strictEqual(first.report?.added.length, 1);
      assert.deepStrictEqual(yield* rows, ["1 install success"]);
      for (let again = 0; again < 9; again++) {
        const { report } = yield* tick();
        assert.deepStrictEqual([report?.added, report?.forwarded], [[], []]);
      }
      assert.deepStrictEqual(yield* received, [1]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("forwards what an upgrade told, and adds nothing to it", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      yield* tick();
      assert.deepStrictEqual(yield* rows, ["1 install success", "2 upgrade success"]);
      assert.deepStrictEqual(yield* deliveries, ["forwarded", "forwarded"]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("makes two rows of an upgrade that failed and was rolled back", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      yield* tick();
      yield* tick();
      assert.deepStrictEqual(yield* rows, [
        "1 install success",
        "2 upgrade failed",
        "3 rollback success",
      ]);
    }).pipe(Effect.provide(world({ chart: NEVER_READY }))),
  );

  it.effect("sends nothing again after Helm's records were restored from a backup", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      yield* tick();
      const before = yield* received;
      yield* restoreRecords;
      yield* TestClock.adjust("30 days");
      for (const _ of [1, 2]) {
        const { report } = yield* tick();
        assert.deepInclude(report, { added: [], forwarded: [], removed: 0 });
      }
      assert.deepStrictEqual(yield* received, before);
    }).pipe(Effect.provide(world())),
  );

  it.effect("knows what an older doctor told by the UIDs of records that were restored since", () =>
    Effect.gen(function* () {
      const records = yield* ReleaseRecords;
      const outbox = yield* EventOutbox;
      const [first] = yield* records.revisions(DEFAULT_RELEASE);
      const began = new Date(first?.startedAt ?? "");
      const old = queued(1, { operation: "install", startedAt: began, finishedAt: began });
      yield* outbox.write(old);
      // Of an installation before this one: it is about another revision 1.
      const older = queued(1, { operation: "upgrade", finishedAt: new Date(began.getTime() - 1) });
      yield* outbox.write(older);
      assert.deepInclude((yield* tick({ dryRun: true })).report, { added: [] });
      yield* tick();
      assert.deepStrictEqual([...(yield* received)].sort(), [1, 1]);
      yield* TestClock.adjust("30 days");
      const { report } = yield* tick();
      assert.deepInclude(report, { added: [], removed: 1 });
    }).pipe(Effect.provide(world())),
  );

  it.effect("makes the same rows when the upgrade could not tell", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const cure = yield* cluster.inject({
        trouble: forbidden,
        verb: "apply",
        kind: "ConfigMap",
        name: /^tare-event-/,
      });
      yield* runUpgrade();
      yield* cure;
      const { report } = yield* tick();
      assert.strictEqual(report?.added.length, 3);
      assert.deepStrictEqual(yield* rows, [
        "1 install success",
        "2 upgrade failed",
        "3 rollback success",
      ]);
    }).pipe(Effect.provide(world({ chart: NEVER_READY }))),
  );

  it.effect("tells of a rollback by hand", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const helm = yield* Helm;
      yield* simulate(
        helm.rollback({ release: DEFAULT_RELEASE, revision: 1, timeout: Duration.minutes(5) }),
      );
      yield* tick();
      assert.deepStrictEqual((yield* rows).at(-1), "3 rollback success");
    }).pipe(Effect.provide(world())),
  );
});

describe("a run that died", () => {
  const kill = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    yield* cluster.seed(Lease, heldLease(DEFAULT_RELEASE, processElsewhere("dead"), 0, 0));
  });

  it.effect("is told of once its lock has been silent for long enough", () =>
    Effect.gen(function* () {
      yield* kill;
      const { report, elapsed } = yield* tick();
      assert.isAtLeast(elapsed, 30_000);
      assert.strictEqual(report?.added.length, 2);
      assert.deepStrictEqual(yield* rows, ["1 install success", "2 upgrade failed"]);
    }).pipe(
      Effect.provide(
        world({ revisions: [{ status: "superseded" }, { status: "pending-upgrade" }] }),
      ),
    ),
  );

  it.effect("is left alone while it lives", () =>
    Effect.gen(function* () {
      const locks = yield* ReleaseLock;
      const held = locks.acquire(DEFAULT_RELEASE, {
        waitAtMost: Duration.zero,
        onNews: () => Effect.void,
      });
      const { report } = yield* Effect.scoped(Effect.andThen(held, tick()));
      assert.strictEqual(report?.leftAlone?._tag, "AtWork");
      assert.deepStrictEqual(report?.added, []);
      const after = yield* tick();
      assert.strictEqual(after.report?.added.length, 1);
    }).pipe(Effect.provide(world())),
  );

  it.effect("by another heartbeat, too", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const lives = processElsewhere("alive");
      const beat = Effect.flatMap(Clock.currentTimeMillis, (now) =>
        cluster.seed(Lease, heldLease(DEFAULT_RELEASE, lives, 0, now)),
      );
      yield* beat;
      const { report } = yield* Effect.scoped(
        Effect.andThen(
          Effect.forkScoped(Effect.repeat(Effect.delay(beat, "10 seconds"), { times: 100 })),
          tick(),
        ),
      );
      assert.include(JSON.stringify(report?.leftAlone), "alive");
    }).pipe(Effect.provide(world())),
  );

  it.effect("is not told of on the word of a pending revision that may still be somebody's", () =>
    Effect.gen(function* () {
      const { report } = yield* tick({ staleAfter: Duration.days(3650) });
      assert.deepStrictEqual(yield* rows, ["1 install success"]);
      assert.strictEqual(report?.leftAlone, undefined);
    }).pipe(
      Effect.provide(world({ revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] })),
    ),
  );
});

describe("forwarding", () => {
  const answer = (behaviour: Parameters<FakeManagementPlane["Service"]["behave"]>[0]) =>
    Effect.flatMap(FakeManagementPlane, (plane) => plane.behave(behaviour));
  const healthy = answer(() => ({ _tag: "Answer", status: 202 }));
  const noRelease = world({ revisions: [] });

  it.effect.each([
    ["is down", { _tag: "Reset", taken: false }],
    ["loses its answers", { _tag: "Reset", taken: true }],
    ["answers 500", { _tag: "Answer", status: 500 }],
    ["answers 429", { _tag: "Answer", status: 429 }],
    ["answers 401", { _tag: "Answer", status: 401 }],
    ["answers 403", { _tag: "Answer", status: 403 }],
    ["answers 404", { _tag: "Answer", status: 404 }],
    ["redirects", { _tag: "Answer", status: 308 }],
  ] as const)("keeps everything, in order, while the plane %s", ([, behaviour]) =>
    Effect.gen(function* () {
      yield* queue(2, 1, 3);
      yield* answer(({ helm_revision: revision }) =>
        revision === 2 ? behaviour : { _tag: "Answer", status: 202 },
      );
      const { error } = yield* tick();
      assert.strictEqual(error?._tag, "EventsWaiting");
      assert.strictEqual(error?.exitCode, 30);
      assert.deepStrictEqual(yield* deliveries, ["forwarded", "pending", "pending"]);
      assert.notInclude(yield* received, 3);
      yield* healthy;
      yield* tick();
      assert.deepStrictEqual(yield* rows, [
        "1 upgrade success",
        "2 upgrade success",
        "3 upgrade success",
      ]);
      assert.deepStrictEqual((yield* received).at(-1), 3);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("waits as long as it is asked to, and no longer than is good for a tick", () =>
    Effect.gen(function* () {
      yield* queue(1);
      yield* answer((_, attempt) =>
        attempt === 1
          ? { _tag: "Answer", status: 429, retryAfter: "20" }
          : { _tag: "Answer", status: 202 },
      );
      const { elapsed, report } = yield* tick();
      assert.strictEqual(report?.forwarded.length, 1);
      assert.isAtLeast(elapsed, 20_000);
      yield* queue(2);
      yield* answer(() => ({ _tag: "Answer", status: 503, retryAfter: "3600" }));
      const impatient = yield* tick();
      assert.strictEqual(impatient.error?._tag, "EventsWaiting");
      assert.isBelow(impatient.elapsed, 1_000);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect.each([400, 409, 413, 422])("marks what is answered with %d, and goes on", (status) =>
    Effect.gen(function* () {
      yield* queue(1, 2, 3);
      yield* answer(({ helm_revision: revision }) =>
        revision === 2
          ? { _tag: "Answer", status, detail: "no such row" }
          : { _tag: "Answer", status: 202 },
      );
      const { report } = yield* tick();
      assert.deepStrictEqual(
        report?.rejected.map(({ reason }) => reason),
        [{ _tag: "Answered", status, detail: "no such row" }],
      );
      assert.deepStrictEqual(yield* received, [1, 3]);
      assert.deepStrictEqual(yield* deliveries, ["forwarded", "forwarded", "rejected"]);
      const [ticked] = (yield* (yield* Recorder).events).filter(
        ({ _tag }) => _tag === "DoctorTicked",
      );
      assert.deepInclude(ticked, {
        sendAgain:
          "kubectl label configmaps -n tars-system -l tars.io/component=install-event,tars.io/delivery=rejected tars.io/delivery=pending --overwrite",
      });
      const again = yield* tick();
      assert.deepStrictEqual(again.report?.rejected, []);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("sends again what it could not mark, before what comes after it", () =>
    Effect.gen(function* () {
      yield* queue(1, 2);
      const cluster = yield* FakeCluster;
      const cure = yield* cluster.inject({
        trouble: serverError,
        verb: "replace",
        kind: "ConfigMap",
      });
      const { error } = yield* tick();
      assert.strictEqual(error?._tag, "EventsWaiting");
      yield* cure;
      yield* tick();
      assert.deepStrictEqual(yield* received, [1, 1, 2]);
      const plane = yield* FakeManagementPlane;
      const ids = (yield* plane.received).map(({ event_id: id }) => id);
      assert.strictEqual(ids[0], ids[1]);
      assert.strictEqual((yield* rows).length, 2);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("sends again what was written again after it had been sent", () =>
    Effect.gen(function* () {
      const outbox = yield* EventOutbox;
      yield* outbox.write(queued(1, { source: "doctor" }));
      yield* tick();
      yield* outbox.write(
        queued(1, { outcome: { status: "failed", cause: said("x"), code: "X" } }),
      );
      yield* tick();
      assert.deepStrictEqual(yield* rows, ["1 upgrade failed"]);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("marks what is no event, and leaves what is too new for it", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* queue(1, 2, 3);
      const [first, second] = yield* cluster
        .all(ConfigMap, DEFAULT_RELEASE.namespace)
        .pipe(Effect.map((all) => all.filter(({ metadata }) => metadata.labels?.[DELIVERY_LABEL])));
      const change = (object: typeof first, text: string) =>
        cluster.edit(
          {
            type: ConfigMap,
            name: object?.metadata.name ?? "",
            namespace: DEFAULT_RELEASE.namespace,
          },
          (live) => ({ ...live, data: { "event.json": text } }),
        );
      yield* change(first, "not json");
      yield* change(second, JSON.stringify({ ...queued(2), schema_version: 2 }));
      const { report, error } = yield* tick();
      assert.strictEqual(error, undefined);
      assert.deepStrictEqual(
        [report?.forwarded.length, report?.rejected.length, report?.kept.length],
        [1, 1, 1],
      );
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("leaves the events of other releases to their doctors", () =>
    Effect.gen(function* () {
      const outbox = yield* EventOutbox;
      yield* outbox.write(queued(1, { release: { ...DEFAULT_RELEASE, name: "other" } }));
      yield* tick();
      assert.deepStrictEqual([yield* received, yield* deliveries], [[], ["pending"]]);
    }).pipe(Effect.provide(noRelease)),
  );

  it.effect("gets 60 events out in one tick, in order", () =>
    Effect.gen(function* () {
      yield* queue(...Array.from({ length: 60 }, (_, index) => index + 1));
      const { report } = yield* tick();
      assert.strictEqual(report?.forwarded.length, 60);
      assert.deepStrictEqual(
        yield* received,
        Array.from({ length: 60 }, (_, index) => index + 1),
      );
    }).pipe(Effect.provide(noRelease)),
  );
});

describe("old events", () => {
  it.effect("are removed after the retention, but not while Helm still has their revision", () =>
    Effect.gen(function* () {
      yield* queue(1, 2);
      const plane = yield* FakeManagementPlane;
      yield* plane.behave(({ helm_revision: revision, operation }) => ({
        _tag: "Answer",
        status: revision === 2 && operation === "upgrade" ? 400 : 202,
      }));
      yield* tick();
      assert.strictEqual((yield* deliveries).length, 3);
      yield* TestClock.adjust("160 hours");
      assert.strictEqual((yield* tick()).report?.removed, 0);
      yield* TestClock.adjust("10 hours");
      assert.strictEqual((yield* tick()).report?.removed, 2);
      // The installation, which Helm still has: without its event it would be told again.
      assert.deepStrictEqual(yield* deliveries, ["forwarded"]);
      assert.deepStrictEqual((yield* tick()).report?.added, []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that are still to be sent are never removed", () =>
    Effect.gen(function* () {
      yield* queue(1);
      const plane = yield* FakeManagementPlane;
      yield* plane.behave(() => ({ _tag: "Reset", taken: false }));
      yield* TestClock.adjust("1000 hours");
      yield* tick({ retention: Duration.zero });
      assert.deepStrictEqual(yield* deliveries, ["pending"]);
    }).pipe(Effect.provide(world({ revisions: [] }))),
  );
});

describe("a doctor", () => {
  it.effect("that only rehearses writes and sends nothing", () =>
    Effect.gen(function* () {
      yield* queue(1);
      const cluster = yield* FakeCluster;
      const before = (yield* cluster.snapshot).writes;
      const { report } = yield* tick({ dryRun: true });
      assert.deepStrictEqual([report?.added.length, report?.forwarded.length], [1, 2]);
      assert.strictEqual((yield* cluster.snapshot).writes, before);
      assert.deepStrictEqual(yield* received, []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("does not begin while another one is at work", () =>
    Effect.gen(function* () {
      const plane = yield* FakeManagementPlane;
      yield* queue(1);
      yield* plane.behave(() => ({ _tag: "Answer", status: 503, retryAfter: "30" }));
      const both = yield* simulate(
        Effect.all(
          [1, 2].map(() => Effect.exit(doctor(DEFAULT_DOCTOR_OPTIONS, IDENTITY))),
          { concurrency: "unbounded" },
        ),
      );
      const errors = Exit.isSuccess(both.exit)
        ? both.exit.value.map((exit) => Option.getOrUndefined(Exit.findErrorOption(exit))?._tag)
        : [];
      assert.deepStrictEqual(errors.sort(), ["AnotherDoctorAtWork", "EventsWaiting"]);
    }).pipe(Effect.provide(world({ revisions: [] }))),
  );

  it.effect.each([
    ["list", "Secret", "ClusterUnavailable"],
    ["get", "Secret", "ClusterUnavailable"],
    ["list", "ConfigMap", "ClusterUnavailable"],
    ["create", "Lease", "ClusterUnavailable"],
    ["create", "ConfigMap", "ClusterUnavailable"],
    ["replace", "ConfigMap", "EventsWaiting"],
  ] as const)("that may not %s %s says so: %s", ([verb, kind, tag]) =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* queue(7);
      yield* cluster.inject({ trouble: forbidden, verb, kind });
      const { error } = yield* tick();
      assert.strictEqual(error?._tag, tag);
    }).pipe(Effect.provide(world())),
  );
});

describe("the event of an upgrade", () => {
  it.effect.each([
    ["is slow", hang],
    ["forbids it", forbidden],
    ["has no room in the namespace", rejected("exceeded quota: configmaps")],
    ["ends the namespace", rejected("namespace tars-system is being terminated")],
    ["is away", unreachable],
  ] as const)("holds nothing up when the API server %s", ([, trouble]) =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const quick = yield* runUpgrade();
      yield* cluster.inject({ trouble, verb: "apply", kind: "ConfigMap", name: /^tare-event-/ });
      const { result, elapsed } = yield* runUpgrade();
      assert.isDefined(result);
      assert.isAtMost(elapsed, quick.elapsed + 10_000);
      const recorder = yield* Recorder;
      const told = (yield* recorder.warnings).filter((one) =>
        one.includes("could not record this upgrade"),
      );
      assert.strictEqual(told.length, 1);
    }).pipe(Effect.provide(world())),
  );
});

describe("an identity of another workspace", () => {
  it.effect("is refused before anything is written or sent", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const elsewhere = { ...IDENTITY, workspaceId: "elsewhere" };
      const ended = yield* simulate(doctor(DEFAULT_DOCTOR_OPTIONS, elsewhere));
      const error = Option.getOrUndefined(Exit.findErrorOption(ended.exit));
      assert.strictEqual(error?._tag, "OtherWorkspace");
      assert.strictEqual(error?.exitCode, 10);
    }).pipe(Effect.provide(world())),
  );
});
