/** `--output json`: every way a run can end, told by lines that the published schema knows. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { PhaseMiddlewares } from "../../src/pipeline.ts";
import { outputJsonSchema, type Summary } from "../../src/render/json/json-records.ts";
import {
  FakeBackups,
  FakeHelm,
  INSTALLED_VALUES,
  runUpgrade,
  type Scenario,
  tarsChart,
  unreachable,
  type World,
  world,
} from "../fakes/index.ts";
import { publishedSchema, recordsOf, summaryOf } from "../output-schema.ts";
import { type CliOptions, runCli, runUpgradeCli } from "./support.ts";

const runJson = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runUpgradeCli([...flags, "--output", "json"], options);

const badWorkloads = tarsChart({ version: "1.2.0", imageTag: "never-ready" });
const badDataPlane = tarsChart({ version: "1.2.0", envoyTag: "crash-loop" });

interface Ending {
  readonly code: number;
  readonly outcome: Summary["outcome"];
  readonly error?: string;
  readonly scenario?: Scenario;
  readonly flags?: ReadonlyArray<string>;
  readonly options?: CliOptions;
  readonly before?: Effect.Effect<unknown, never, World>;
}

const ENDINGS: ReadonlyArray<Ending> = [
  { code: 0, outcome: "succeeded" },
  { code: 2, outcome: "failed", error: "Usage", flags: ["--no-such-flag"] },
  { code: 2, outcome: "failed", error: "Usage", flags: ["--timeout", "soon"] },
  { code: 2, outcome: "failed", error: "Usage", options: { env: { TARE_SKIP_PREFLIGHT: "hm" } } },
  { code: 2, outcome: "failed", error: "InvalidFlag", flags: ["--chart-version", "1.2.0"] },
  { code: 2, outcome: "failed", error: "InvalidIdentity", options: { identityText: "{" } },
  { code: 3, outcome: "changes", flags: ["--plan"] },
  {
    code: 0,
    outcome: "unchanged",
    flags: ["--plan"],
    before: runUpgrade(),
  },
  { code: 10, outcome: "failed", error: "PreflightFailed", scenario: { missingTools: ["helm"] } },
  { code: 11, outcome: "failed", error: "ReleaseNotFound", scenario: { revisions: [] } },
  {
    code: 12,
    outcome: "failed",
    error: "SingleReplica",
    scenario: { values: { ...INSTALLED_VALUES, ha: { enabled: false } } },
  },
  {
    code: 13,
    outcome: "failed",
    error: "OperationInProgress",
    scenario: { revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] },
  },
  {
    code: 14,
    outcome: "failed",
    error: "CrdBackupFailed",
    before: Effect.flatMap(FakeBackups, ({ fillDisk }) => fillDisk),
  },
  {
    code: 15,
    outcome: "failed",
    error: "CrdsIncomplete",
    scenario: {
      faults: [
        {
          trouble: unreachable,
          verb: "apply",
          kind: "CustomResourceDefinition",
          name: /^envoyproxies/,
          dryRun: false,
          times: 1,
        },
      ],
    },
  },
  { code: 20, outcome: "failed", error: "UpgradeRolledBack", scenario: { chart: badWorkloads } },
  {
    code: 21,
    outcome: "failed",
    error: "RollbackFailed",
    scenario: { chart: badDataPlane },
    before: Effect.flatMap(FakeHelm, (helm) => helm.breakStep("pre-rollback hook", "no")),
  },
  {
    code: 22,
    outcome: "failed",
    error: "UpgradeLeftInPlace",
    scenario: { chart: badWorkloads },
    flags: ["--no-atomic"],
  },
  {
    code: 23,
    outcome: "failed",
    error: "UpgradeNotStarted",
    before: Effect.flatMap(FakeHelm, (helm) => helm.breakStep("render", "bad template")),
  },
  {
    code: 130,
    outcome: "interrupted",
    options: { signal: { name: "SIGINT", after: "100 millis" } },
  },
  {
    code: 143,
    outcome: "interrupted",
    options: { signal: { name: "SIGTERM", after: "1 minute" } },
    scenario: { chart: tarsChart({ version: "1.2.0", imageTag: "slow-300" }) },
  },
  {
    code: 129,
    outcome: "interrupted",
    options: { signal: { name: "SIGHUP", after: "100 millis" } },
  },
];

describe("--output json", () => {
  it("is described by the schema in docs/ (npm run docs:json-schema writes it)", () => {
    assert.deepStrictEqual(publishedSchema, JSON.parse(JSON.stringify(outputJsonSchema())));
  });

  for (const ending of ENDINGS) {
    const { code, outcome, error, flags, options, before = Effect.void } = ending;
    it.effect(`ends with a summary of exit code ${code} (${error ?? outcome})`, () =>
      Effect.gen(function* () {
        yield* before;
        const run = yield* runJson(flags, options);
        const summary = summaryOf(run.stdout);
        assert.strictEqual(run.code, code);
        assert.strictEqual(summary.exitCode, code);
        assert.strictEqual(summary.outcome, outcome);
        assert.strictEqual(summary.error?.code, error);
        assert.deepStrictEqual(run.stderr, []);
      }).pipe(Effect.provide(world(ending.scenario))),
    );
  }

  it.effect("ends with a summary when something breaks that nobody thought of", () =>
    Effect.gen(function* () {
      const run = yield* runJson();
      assert.strictEqual(run.code, 1);
      assert.deepInclude(summaryOf(run.stdout), { outcome: "failed", exitCode: 1 });
      assert.strictEqual(summaryOf(run.stdout).error?.code, "InternalError");
      assert.notInclude(run.stdout.join("\n"), "a surprise");
    }).pipe(
      Effect.provideService(PhaseMiddlewares, [
        ({ id }) =>
          (phase) =>
            id === "discover" ? Effect.die(new Error("a surprise")) : phase,
      ]),
      Effect.provide(world()),
    ),
  );

  it.effect("tells the phases, the values, the CRDs and the rollout as they happen", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runJson();
      const records = recordsOf(stdout);
      const phases = records.flatMap((one) =>
        one.type === "phase-started" || one.type === "phase-finished"
          ? [`${one.type} ${one.phase.index}/${one.phase.total} ${one.phase.id}`]
          : [],
      );
      assert.deepStrictEqual(phases.slice(0, 2), [
        "phase-started 1/5 preflight",
        "phase-finished 1/5 preflight",
      ]);
      assert.strictEqual(phases.length, 10);
      const types = new Set(records.map(({ type }) => type));
      for (const type of ["carry-over", "crds-applied", "rollout-progress"] as const) {
        assert.isTrue(types.has(type), type);
      }
      assert.deepInclude(summaryOf(stdout), {
        release: { name: "tars", namespace: "tars-system" },
        fromVersion: "1.1.0",
        toVersion: "1.2.0",
        revision: 2,
      });
      const commands = summaryOf(stdout).hints.flatMap((hint) => hint.commands);
      assert.include(commands, "helm rollback tars 1 -n tars-system --kube-context prod");
    }).pipe(Effect.provide(world())),
  );

  it.effect("counts the pods of the new template in each workload", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runJson();
      const seen = recordsOf(stdout).flatMap((one) =>
        one.type === "rollout-progress" ? one.workloads : [],
      );
      const egress = seen.filter(({ name }) => name === "egress");
      assert.isTrue(egress.some(({ updated, desired }) => updated < desired));
      assert.isTrue(egress.some(({ updated, desired }) => updated === desired));
    }).pipe(Effect.provide(world())),
  );

  it.effect("says in the summary what failed, what runs again, and where the report is", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runJson();
      const { failureReport, durationMillis, ...summary } = summaryOf(stdout);
      assert.deepInclude(summary, { failedRevision: 2, restoredRevision: 1, revision: 3 });
      assert.match(failureReport ?? "", /tars-revision-2/);
      assert.isAtLeast(durationMillis, 0);
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("has the values of a plan as they are, not as text", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runJson(["--plan", "--image-registry", "new.example.com"]);
      const plan = recordsOf(stdout).find((one) => one.type === "plan");
      assert.deepInclude(
        plan?.values.find(({ path }) => path === "global.imageRegistry"),
        { fate: "overridden", after: "new.example.com" },
      );
      const values = plan?.values.flatMap(({ before, after }) => [before, after]);
      assert.isTrue(values?.some((value) => typeof value === "boolean"));
    }).pipe(Effect.provide(world())),
  );

  it.effect("never holds a secret", () =>
    Effect.gen(function* () {
      const header = "Bearer given-otel-token-4711";
      const { stdout } = yield* runJson(["--otel-exporter-auth-headers", header]);
      const text = stdout.join("\n");
      assert.notInclude(text, "given-otel-token");
      assert.notInclude(text, "acme-otel-token");
      assert.notInclude(text, "PRIVATE KEY");
    }).pipe(Effect.provide(world({ chart: badWorkloads }))),
  );

  it.effect("is asked for in either form, and adds nothing to --help", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runUpgradeCli(["--output=json"]);
      assert.strictEqual(summaryOf(stdout).exitCode, 0);
      const help = yield* runCli(["upgrade", "--help", "--output", "json"]);
      assert.isFalse(help.stdout.some((line) => line.startsWith("{")));
      assert.include(help.everything, "--output");
    }).pipe(Effect.provide(world())),
  );
});
