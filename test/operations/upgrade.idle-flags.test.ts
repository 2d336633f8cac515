/** Flags that change nothing on the cluster, and what the chart itself has to say. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { ConfigMap, type KubeObject } from "../../src/domain/kube/objects.ts";
import type { FlagValue } from "../../src/domain/values/carry-over.ts";
import { runUpgradeCli } from "../cli/support.ts";
import {
  type FakeChart,
  FakeCluster,
  INSTALLED_VALUES,
  Recorder,
  runUpgrade,
  tarsChart,
  world,
} from "../fakes/index.ts";

const isConfig = ({ kind, metadata }: KubeObject): boolean =>
  kind === "ConfigMap" && metadata.name === "tars-config";

/** As the real chart: the ConfigMap is seeded at installation, and no object of the release. */
const seeding = (version: string): FakeChart => {
  const chart = tarsChart({ version });
  return {
    ...chart,
    notes: `TARS data plane ${version}\nBearer acme-otel-token-0123456789\u001b[2J`,
    render: (values, release) => chart.render(values, release).filter((one) => !isConfig(one)),
  };
};

const SEEDED = { installed: seeding("1.1.0"), chart: seeding("1.2.0") };

const seedConfig = Effect.flatMap(FakeCluster, (cluster) =>
  cluster.seed(ConfigMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "tars-config", namespace: "tars-system" },
    data: { "proxy-url": "https://llm.acme.example" },
  }),
);

const warningsWith = (flags: Record<string, FlagValue>) =>
  Effect.gen(function* () {
    const { error } = yield* runUpgrade({
      options: { carriedFlags: new Map(Object.entries(flags)) },
    });
    assert.isUndefined(error);
    const { warnings } = yield* Recorder;
    return (yield* warnings).filter((text) => text.includes("changes nothing"));
  });

describe("a flag that changes nothing", () => {
  it.effect("is told, with the command that does it", () =>
    Effect.gen(function* () {
      yield* seedConfig;
      const { code, stderr } = yield* runUpgradeCli(["--serve-url", "https://new.example"]);
      assert.strictEqual(code, 0);
      const command = `kubectl patch configmap tars-config -n tars-system --type merge -p '{"data":{"proxy-url":"https://new.example"}}' --context prod`;
      const [said] = stderr.filter((line) => line.startsWith("warning: --serve-url"));
      assert.match(said ?? "", /stays "https:\/\/llm.acme.example"; to change it: kubectl patch/);
      assert.strictEqual(
        stderr.at(
          stderr.indexOf(
            "To restore the previous 2 CRDs (after a rollback, which does not restore them):",
          ) - 1,
        ),
        command,
      );
    }).pipe(Effect.provide(world(SEEDED))),
  );

  it.effect("is not told when the cluster has what it says already", () =>
    Effect.gen(function* () {
      yield* seedConfig;
      assert.deepStrictEqual(yield* warningsWith({ "serve-url": "https://llm.acme.example" }), []);
    }).pipe(Effect.provide(world(SEEDED))),
  );

  it.effect("is told of every flag whose value no object is made from", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* warningsWith({
          "deployment-mode": "saas",
          customer: "renamed",
          "otel-collector-endpoint": "https://otel.example:4318",
          "enable-otel-collector": false,
        }),
        [
          "--deployment-mode changes nothing: with these values no object of the release is made from it",
          "--otel-collector-endpoint changes nothing while the OTel collector is off: --enable-otel-collector turns it on",
        ],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("is told by a plan too", () =>
    Effect.gen(function* () {
      yield* seedConfig;
      const { stderr } = yield* runUpgradeCli(["--plan", "--serve-url", "https://new.example"]);
      assert.include(stderr.join("\n"), "warning: --serve-url changes nothing");
    }).pipe(Effect.provide(world(SEEDED))),
  );
});

describe("the chart's notes", () => {
  it.effect("come before the closing lines, without secrets and control characters", () =>
    Effect.gen(function* () {
      const { stderr } = yield* runUpgradeCli([]);
      const at = stderr.indexOf("notes of the chart:");
      assert.deepStrictEqual(stderr.slice(at, at + 4), [
        "notes of the chart:",
        "  TARS data plane 1.2.0",
        "  [redacted]",
        "Upgrade completed.",
      ]);
    }).pipe(Effect.provide(world({ ...SEEDED, values: INSTALLED_VALUES }))),
  );

  it.effect("are a line of JSON", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runUpgradeCli(["--output", "json"]);
      const lines = stdout.map((line) => JSON.parse(line));
      assert.deepInclude(
        lines.find(({ type }) => type === "chart-notes"),
        { revision: 2, notes: "TARS data plane 1.2.0\n[redacted]" },
      );
    }).pipe(Effect.provide(world(SEEDED))),
  );
});
