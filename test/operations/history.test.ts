import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Exit } from "effect";
import { Lease } from "../../src/domain/kube/objects.ts";
import { heldLease } from "../../src/domain/lock/lease.ts";
import type { ProcessIdentity } from "../../src/domain/processes/process-identity.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { history } from "../../src/operations/history.ts";
import { ReleaseLock } from "../../src/services/lock/ReleaseLock.ts";
import { RunJournal } from "../../src/services/run/RunJournal.ts";
import { describeCause } from "../../src/words/events/causes.ts";
import {
  FakeCluster,
  FakeProcesses,
  NOTED_RUN,
  processElsewhere,
  processOn,
  Recorder,
  runAs,
  SERVER,
  simulate,
  tarsChart,
  unreachable,
  world,
} from "../fakes/index.ts";

/** Of a pending revision: what the newest row says of whoever made it. */

const PENDING = {
  revisions: [
    { status: "deployed" },
    { status: "pending-upgrade", chart: tarsChart({ version: "1.2.0" }) },
  ],
} as const;

const newestRow = Effect.gen(function* () {
  const { exit, elapsed } = yield* simulate(history(DEFAULT_RELEASE));
  const rows = Exit.isSuccess(exit) ? exit.value : [];
  return { ...rows.at(-1), elapsed };
});

const leaveLease = (holder: ProcessIdentity) =>
  Effect.flatMap(FakeCluster, (cluster) =>
    cluster.seed(Lease, heldLease(DEFAULT_RELEASE, holder, 0, 0)),
  );

const leaveJournal = (holder: ProcessIdentity) =>
  Effect.gen(function* () {
    const journals = yield* RunJournal;
    const journal = yield* journals.open(NOTED_RUN);
    yield* journal.begun("helm-upgrade");
  }).pipe(runAs(holder));

/** Holds the lock, with its heartbeat, until the scope ends. */
const atWork = Effect.flatMap(ReleaseLock, (locks) =>
  locks.acquire(DEFAULT_RELEASE, { waitAtMost: Duration.zero, onNews: () => Effect.void }),
);

describe("the history of a revision that is pending", () => {
  it.effect("says running while its process lives on this machine", () =>
    Effect.gen(function* () {
      yield* runAs(processOn(4711))(atWork);
      const { status, elapsed } = yield* newestRow;
      assert.strictEqual(status, "running");
      assert.isBelow(elapsed, 1_000);
    }).pipe(Effect.scoped, Effect.provide(world(PENDING))),
  );

  it.effect("says running once a heartbeat from elsewhere was seen", () =>
    Effect.gen(function* () {
      yield* runAs(processElsewhere("ci-7"))(atWork);
      const { status, elapsed } = yield* newestRow;
      assert.strictEqual(status, "running");
      assert.isAtMost(elapsed, 14_000);
    }).pipe(Effect.scoped, Effect.provide(world(PENDING))),
  );

  it.effect("says died at once when its process is gone from this machine, and whose it was", () =>
    Effect.gen(function* () {
      yield* leaveLease(processOn(4711));
      yield* leaveJournal(processOn(4711));
      yield* Effect.flatMap(FakeProcesses, (processes) => processes.end(4711));
      const { status, cause, elapsed, finishedAt } = yield* newestRow;
      assert.strictEqual(status, "died");
      assert.strictEqual(cause?._tag, "RunDied");
      assert.match(
        cause === undefined ? "" : describeCause(cause),
        /^a run by .* died in phase 5, while helm upgrade was at work/,
      );
      assert.isUndefined(finishedAt);
      assert.isBelow(elapsed, 1_000);
    }).pipe(Effect.provide(world(PENDING))),
  );

  it.effect("says died when its lease shows no heartbeat for as long as it lasts", () =>
    Effect.gen(function* () {
      yield* leaveLease(processElsewhere("ci-7"));
      const { status, cause, elapsed } = yield* newestRow;
      assert.strictEqual(status, "died");
      assert.deepStrictEqual(cause, { _tag: "WorkerGone" });
      assert.isAtLeast(elapsed, 30_000);
      assert.isAtMost(elapsed, 34_000);
      const { warnings } = yield* Recorder;
      assert.match((yield* warnings).join(), /watching whether ci-7@ci-7, process 1 is alive/);
    }).pipe(Effect.provide(world(PENDING))),
  );

  it.effect("says running while the Helm of a dead run is at work here", () =>
    Effect.gen(function* () {
      yield* leaveLease(processOn(4711));
      const processes = yield* FakeProcesses;
      yield* processes.start({
        pid: 4800,
        words: ["helm", "upgrade", "tars", "--namespace", "tars-system"],
        cluster: SERVER,
      });
      assert.strictEqual((yield* newestRow).status, "running");
    }).pipe(Effect.provide(world(PENDING))),
  );

  it.effect("is what Helm's record says when nobody holds the lock, or nobody can be asked", () =>
    Effect.gen(function* () {
      const { cause } = yield* newestRow;
      assert.deepStrictEqual(cause, { _tag: "LeftPending", status: "pending-upgrade" });
      yield* leaveLease(processOn(4711));
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ trouble: unreachable, kind: "Lease" });
      assert.deepStrictEqual((yield* newestRow).cause, cause);
    }).pipe(Effect.provide(world(PENDING))),
  );
});

describe("the history of a release at rest", () => {
  it.effect("asks nobody whether they live", () =>
    Effect.gen(function* () {
      yield* leaveLease(processElsewhere("ci-7"));
      const { status, elapsed } = yield* newestRow;
      assert.strictEqual(status, "success");
      assert.isBelow(elapsed, 1_000);
    }).pipe(Effect.provide(world())),
  );
});
