/** An installation that never worked is taken away, and a run that dies over that is followed by one that goes on. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { ConfigMap } from "../../../src/domain/kube/objects.ts";
import {
  encodeRunRecord,
  JOURNAL_SCHEMA_VERSION,
  journalName,
  type RunRecord,
  type RunStep,
  withStep,
} from "../../../src/domain/run/run-journal.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import {
  FakeCluster,
  hintsOf,
  historyLines,
  NOTED_RUN,
  processOn,
  runInstall,
  runUpgrade,
  type Scenario,
  tarsChart,
  world,
} from "../../fakes/index.ts";

const AT = "2026-11-22T10:14:02.000Z";

const husk = (status: "failed" | "pending-install" | "uninstalling"): Scenario => ({
  installed: tarsChart({ version: "1.2.0" }),
  revisions: [{ status }],
  running: 1,
});

/** The journal of a run that died in that step. */
const diedIn = (step: RunStep, operation: string) =>
  Effect.gen(function* () {
    const record: RunRecord = {
      ...{ schemaVersion: JOURNAL_SCHEMA_VERSION, ...NOTED_RUN, operation, baseRevision: 0 },
      ...{ process: processOn(4711), startedAt: AT, steps: [] },
    };
    yield* (yield* FakeCluster).seed(ConfigMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: journalName(DEFAULT_RELEASE), namespace: DEFAULT_RELEASE.namespace },
      data: { "run.json": encodeRunRecord(withStep(record, step, "begun", AT)) },
    });
  });

describe("the removal of an installation that never worked", () => {
  it.effect.each(["failed", "pending-install", "uninstalling"] as const)(
    "that died over a release which is %s is finished by the next run, unasked",
    (status) =>
      Effect.gen(function* () {
        yield* diedIn("helm-uninstall", "install");
        const { result, error } = yield* runInstall();
        assert.deepInclude(result, { _tag: "Installed", revision: 1 }, error?.message);
        assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
      }).pipe(Effect.provide(world(husk(status)))),
  );

  it.effect.each([
    ["helm-upgrade", "install"],
    ["helm-uninstall", "upgrade"],
  ] as const)("is not begun unasked where the last run died in %s of %s", ([step, operation]) =>
    Effect.gen(function* () {
      yield* diedIn(step, operation);
      const { error } = yield* runInstall();
      assert.strictEqual(error?._tag, "InstallationUnfinished");
      assert.deepStrictEqual(yield* historyLines, ["1 failed Install complete"]);
    }).pipe(Effect.provide(world(husk("failed")))),
  );

  it.effect("is noted before the first object goes", () =>
    Effect.gen(function* () {
      const { result } = yield* runInstall({ options: { recover: true } });
      assert.deepInclude(result, { _tag: "Installed", revision: 1 });
      const requests = (yield* (yield* FakeCluster).requests).filter(({ dryRun }) => !dryRun);
      const noted = requests.findIndex(
        ({ actor, label }) => actor === "tare" && label.includes(journalName(DEFAULT_RELEASE)),
      );
      const gone = requests.findIndex(({ actor, verb }) => actor === "helm" && verb === "delete");
      assert.isAbove(noted, -1);
      assert.isAbove(gone, noted);
    }).pipe(Effect.provide(world(husk("failed")))),
  );
});

describe("an upgrade that meets an installation that never worked", () => {
  it.effect.each(["failed", "pending-install", "uninstalling"] as const)(
    "and is %s names the installation that removes it",
    (status) =>
      Effect.gen(function* () {
        const { error } = yield* runUpgrade();
        const commands = hintsOf(error).flatMap((hint) => hint.commands);
        assert.include(commands, "tare install identity.json --recover");
        assert.notMatch(commands.join("\n"), /^helm uninstall/m);
      }).pipe(Effect.provide(world(husk(status)))),
  );
});
