import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import { deadRunEvent } from "../../../src/domain/events/dead-run.ts";
import {
  believedTimeout,
  decodeRunRecord,
  encodeRunRecord,
  lastWrote,
  openStep,
  whereabouts,
  withStep,
} from "../../../src/domain/run/run-journal.ts";
import { NOTED_RECORD } from "../../fakes/index.ts";

const AT = NOTED_RECORD.startedAt;

const inHelm = (["crds", "upgrade", "helm-upgrade"] as const).reduce(
  (all, step) => withStep(all, step, "begun", AT),
  withStep(withStep(NOTED_RECORD, "crds", "begun", AT), "crds", "done", AT),
);

describe("the timeout of a dead run's Helm", () => {
  it.each([
    [600, 10, 600],
    [2_147_483_647, 10, 3_600],
    [2_147_483_647, 180, 10_800],
    [0, 10, 600],
    [-5, 10, 600],
  ])("recorded as %d s is believed by a run with %d min as %d s", (recorded, own, believed) => {
    const timeout = believedTimeout({ timeoutSeconds: recorded }, Duration.minutes(own));
    assert.strictEqual(Duration.toSeconds(timeout), believed);
  });
});

describe("a run's record", () => {
  it("is read back as it was written", () => {
    assert.deepStrictEqual(decodeRunRecord(encodeRunRecord(inHelm)), inHelm);
  });

  it.each([undefined, "", "{}", '{"schemaVersion":2}'])("%s is none", (text) => {
    assert.isUndefined(decodeRunRecord(text));
  });

  it("keeps the last steps only, however long a run waits", () => {
    let long = NOTED_RECORD;
    for (let n = 0; n < 500; n++) long = withStep(long, "gate", n % 2 ? "done" : "begun", AT);
    assert.isAtMost(encodeRunRecord(long).length, 4_096);
  });

  it("tells the step that was begun and never done", () => {
    assert.strictEqual(openStep(inHelm), "helm-upgrade");
    assert.strictEqual(openStep(withStep(inHelm, "helm-upgrade", "done", AT)), "upgrade");
    assert.isUndefined(openStep(NOTED_RECORD));
  });

  it("tells where the run was, and when it wrote last", () => {
    assert.deepStrictEqual(whereabouts(inHelm), { step: "helm-upgrade", phase: 5 });
    assert.deepStrictEqual(whereabouts({ ...inHelm, operation: "upgrade" }), whereabouts(inHelm));
    assert.isUndefined(whereabouts(NOTED_RECORD));
    assert.strictEqual(lastWrote(inHelm), AT);
    assert.strictEqual(lastWrote({ ...NOTED_RECORD, startedAt: "then" }), "then");
  });
});

describe("what a dead run owes to the deployment history", () => {
  const history = [
    { revision: 1, status: "deployed", chart: "tars-1.1.0", description: "Install complete" },
    { revision: 2, status: "pending-upgrade", chart: "tars-1.2.0", description: "Preparing" },
  ] as const;
  const uids = new Map([
    [1, "uid-1"],
    [2, "uid-2"],
  ]);
  const gate = (state: "running" | "passed") =>
    new Map([[2, { state, baseUid: "uid-1", recordedAt: AT }]]);

  it("is a failure of the revision its Helm wrote", () => {
    const event = deadRunEvent(inHelm, history, gate("running"), uids);
    assert.deepStrictEqual(event?.subject, { _tag: "Revision", revision: 2, identity: "uid-2" });
    assert.deepInclude(event?.outcome, { status: "failed", code: "Killed" });
  });

  it("is a success when the data plane had passed", () => {
    assert.deepStrictEqual(deadRunEvent(inHelm, history, gate("passed"), uids)?.outcome, {
      status: "success",
    });
  });

  it("takes its id from the run when Helm wrote nothing, or never ran", () => {
    const subject = { _tag: "Run", runId: "run-1" } as const;
    const none = history.slice(0, 1);
    assert.deepStrictEqual(deadRunEvent(inHelm, none, new Map(), uids)?.subject, subject);
    const inCrds = withStep(NOTED_RECORD, "crds", "begun", AT);
    // Revision 2 is somebody else's then.
    assert.deepStrictEqual(deadRunEvent(inCrds, history, new Map(), uids)?.subject, subject);
  });

  it.each([
    ["it had told it itself", withStep(inHelm, "event", "done", AT)],
    ["it had only looked", NOTED_RECORD],
    ["the release was installed anew since", { ...inHelm, baseUid: "another" }],
  ])("is nothing when %s", (_, run) => {
    assert.isUndefined(deadRunEvent(run, history, gate("running"), uids));
  });
});
