/** Every flag of the product page, from the command line to what Helm is given. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { CliError } from "effect/cli";
import { UPGRADE_EXIT_CODES } from "../../src/cli/commands/exit-codes.ts";
import { INSTALL_FLAGS } from "../../src/cli/flags/install-flags.ts";
import { RunFailed } from "../../src/cli/RunFailed.ts";
import { getPath, type Json, type JsonObject, setPath } from "../../src/domain/kube/json.ts";
import {
  HELM_3,
  HELM_4,
  INSTALLED_VALUES,
  type Scenario,
  tarsChart,
  world,
} from "../fakes/index.ts";
import { type CliOptions, exitCodeOf, runCli, runUpgradeCli } from "./support.ts";

const AUTHORIZATION = "otelCollector.exporters.otlp.headers.Authorization";
const HEADER = "Bearer another-otel-token-987654";

const valueAt = (values: JsonObject, path: string): Json | undefined =>
  getPath(values, path.split("."));

/** The word that follows an option among Helm's arguments. */
const wordAfter = (args: ReadonlyArray<string>, option: string): string | undefined =>
  args[args.indexOf(option) + 1];

type Row = readonly [
  flags: ReadonlyArray<string>,
  path: string,
  expected: Json | undefined,
  options?: CliOptions,
];

const VALUES: ReadonlyArray<Row> = [
  [[], "ha.enabled", true],
  [["--ha"], "ha.enabled", true],
  [["--ha=true"], "ha.enabled", true],
  [["--ha=false"], "ha.enabled", false],
  [["--ha", "false"], "ha.enabled", false],
  [["--no-ha"], "ha.enabled", false],
  [[], "shutdown.drainTimeout", "300s"],
  [["--drain-timeout-seconds", "120"], "shutdown.drainTimeout", "120s"],
  [["--drain-timeout-seconds=1"], "shutdown.drainTimeout", "1s"],
  [["--drain-timeout-seconds", "99999"], "shutdown.drainTimeout", "99999s"],
  [[], "otelCollector.enabled", true],
  [["--enable-otel-collector"], "otelCollector.enabled", true],
  [["--enable-otel-collector=false"], "otelCollector.enabled", false],
  [["--no-enable-otel-collector"], "otelCollector.enabled", false],
  [[], "otelCollector.exporters.otlp.endpoint", "otel.acme.example:4317"],
  [
    ["--otel-collector-endpoint", "https://otlp.example:4318"],
    "otelCollector.exporters.otlp.endpoint",
    "https://otlp.example:4318",
  ],
  [["--otel-collector-endpoint", ""], "otelCollector.exporters.otlp.endpoint", ""],
  [[], AUTHORIZATION, "Bearer acme-otel-token-0123456789"],
  [["--otel-exporter-auth-headers", HEADER], AUTHORIZATION, HEADER],
  [[`--otel-exporter-auth-headers=${HEADER}`], AUTHORIZATION, HEADER],
  [
    ["--otel-exporter-auth-headers", "@FOLDER/header.txt"],
    AUTHORIZATION,
    HEADER,
    { files: { "header.txt": `${HEADER}\n` } },
  ],
  [[], AUTHORIZATION, HEADER, { env: { TARE_OTEL_EXPORTER_AUTH_HEADERS: HEADER } }],
  [
    ["--otel-exporter-auth-headers", HEADER],
    AUTHORIZATION,
    HEADER,
    { env: { TARE_OTEL_EXPORTER_AUTH_HEADERS: "Bearer from-the-environment" } },
  ],
  [[], "global.imageTag", undefined],
  [["--image-tag", "1.2.0-rc.1"], "global.imageTag", "1.2.0-rc.1"],
  [[], "global.imageRegistry", "gcr.io/acme/tars"],
  [
    ["--image-registry", "newregistry.example.com"],
    "global.imageRegistry",
    "newregistry.example.com",
  ],
  [[], "global.deploymentMode", "enterprise"],
  [["--deployment-mode", "saas"], "global.deploymentMode", "saas"],
  [[], "global.customer", "acme"],
  [["--customer", "0123"], "global.customer", "0123"],
  [[], "global.environment", ""],
  [["--environment", "prod eu"], "global.environment", "prod eu"],
  [[], "global.serveUrl", "https://llm.acme.example"],
  [["--serve-url", "https://llm.example"], "global.serveUrl", "https://llm.example"],
  [["--serve-url", ""], "global.serveUrl", ""],
  [[], "redis.type", "cluster"],
  [["--redis-type", "hosted"], "redis.type", "hosted"],
  [[], "rateLimiting.enabled", true],
  [["--no-rate-limiting"], "rateLimiting.enabled", false],
  [["--no-rate-limiting=false"], "rateLimiting.enabled", true],
  [["--rate-limiting"], "rateLimiting.enabled", true],
  [[], "global.dataplaneNamespace", "tars-dataplane"],
  [["--strict-values"], "global.customer", "acme"],
  [["--skip-preflight"], "global.customer", "acme"],
];

describe("a flag decides a value", () => {
  for (const [index, [flags, path, expected, options]] of VALUES.entries()) {
    it.effect(`${index}: ${path} with ${flags.join(" ") || "no flag"}`, () =>
      Effect.gen(function* () {
        const { code, values, invocations, everything } = yield* runUpgradeCli(flags, options);
        assert.strictEqual(code, 0, everything);
        assert.lengthOf(invocations, 1);
        assert.deepStrictEqual(valueAt(values, path), expected);
        assert.notInclude(everything, HEADER);
      }).pipe(Effect.provide(world())),
    );
  }

  it.effect.each([
    [["--drain-timeout-seconds", "300"], "shutdown.drainTimeout", "120s"],
    [["--rate-limiting"], "rateLimiting.enabled", false],
    [["--redis-type", "cluster"], "redis.type", "other"],
    [["--ha"], "ha.enabled", false],
  ] as const)("and calls none a loss, be it the default: %j", ([flags, path, stored]) =>
    Effect.gen(function* () {
      const allow = ["--strict-values", "--allow-downtime"];
      const { code, everything } = yield* runUpgradeCli([...flags, ...allow]);
      assert.strictEqual(code, 0, everything);
      assert.notInclude(everything, path);
    }).pipe(Effect.provide(world({ values: setPath({}, path.split("."), stored) }))),
  );

  it.effect("and the one that keeps a single replica is not refused again", () =>
    Effect.gen(function* () {
      const values = { ha: { enabled: false } };
      const refused = yield* Effect.provide(runUpgradeCli(["--strict-values"]), world({ values }));
      assert.strictEqual(refused.code, 10);
      const [, flags = ""] = /identity\.json (.*)/.exec(
        refused.everything.split("Keep them:\n")[1] ?? "",
      ) ?? [undefined, undefined];
      const { code, everything } = yield* Effect.provide(
        runUpgradeCli(flags.split(" ")),
        world({ values }),
      );
      assert.strictEqual(code, 0, everything);
    }),
  );

  it.effect("and an empty environment variable decides none", () =>
    Effect.gen(function* () {
      const { values } = yield* runUpgradeCli([], {
        env: { TARE_OTEL_EXPORTER_AUTH_HEADERS: "" },
      });
      assert.strictEqual(valueAt(values, AUTHORIZATION), "Bearer acme-otel-token-0123456789");
    }).pipe(Effect.provide(world())),
  );
});

describe("Helm's arguments", () => {
  const TIMEOUTS = [
    [[], "10m"],
    [["--timeout", "90s"], "1m30s"],
    [["--timeout=1h30m"], "1h30m"],
    [["--timeout", "1.5h"], "1h30m"],
  ] as const;
  for (const [flags, expected] of TIMEOUTS) {
    it.effect(`wait ${expected} with ${flags.join(" ") || "no flag"}`, () =>
      Effect.gen(function* () {
        const { helmArgs } = yield* runUpgradeCli(flags);
        assert.strictEqual(wordAfter(helmArgs, "--timeout"), expected);
      }).pipe(Effect.provide(world())),
    );
  }

  const ATOMIC = [
    [[], true],
    [["--no-atomic"], false],
    [["--no-atomic=true"], false],
    [["--no-atomic=false"], true],
    [["--atomic"], true],
  ] as const;
  for (const [helm, word] of [
    [HELM_3, "--atomic"],
    [HELM_4, "--rollback-on-failure"],
  ] as const) {
    for (const [flags, expected] of ATOMIC) {
      it.effect(`${expected ? "hold" : "lack"} ${word} with ${flags.join(" ") || "no flag"}`, () =>
        Effect.gen(function* () {
          const { helmArgs } = yield* runUpgradeCli(flags);
          assert.strictEqual(helmArgs[0], "upgrade");
          assert.strictEqual(helmArgs.includes(word), expected);
        }).pipe(Effect.provide(world({ helm }))),
      );
    }
  }

  it.effect("name the release and its namespace", () =>
    Effect.gen(function* () {
      const { code, helmArgs } = yield* runUpgradeCli([
        "--release-name",
        "edge",
        "--system-namespace",
        "edge-system",
      ]);
      assert.strictEqual(code, 0);
      assert.strictEqual(helmArgs[1], "edge");
      assert.strictEqual(wordAfter(helmArgs, "--namespace"), "edge-system");
    }).pipe(Effect.provide(world({ release: { name: "edge", namespace: "edge-system" } }))),
  );

  it.effect("and values follow --dataplane-namespace", () =>
    Effect.gen(function* () {
      const { code, values } = yield* runUpgradeCli(["--dataplane-namespace", "edge"]);
      assert.strictEqual(code, 0);
      assert.strictEqual(valueAt(values, "global.dataplaneNamespace"), "edge");
    }).pipe(
      Effect.provide(
        world({ values: setPath(INSTALLED_VALUES, ["global", "dataplaneNamespace"], "edge") }),
      ),
    ),
  );
});

describe("the chart", () => {
  const OCI = "oci://registry.example.com/charts/tars";
  const charts: Scenario["charts"] = {
    "./charts/tars": tarsChart({ version: "1.3.0" }),
    [OCI]: tarsChart({ version: "1.4.0" }),
  };

  it.effect("is the embedded one", () =>
    Effect.gen(function* () {
      const { helmArgs, references } = yield* runUpgradeCli();
      assert.strictEqual(helmArgs[2], "/embedded/chart");
      assert.deepStrictEqual(references, [{ _tag: "Embedded" }]);
    }).pipe(Effect.provide(world({ charts }))),
  );

  it.effect("can be a directory", () =>
    Effect.gen(function* () {
      const { helmArgs, references, stderr } = yield* runUpgradeCli([
        "--chart-path",
        "./charts/tars",
      ]);
      assert.strictEqual(helmArgs[2], "./charts/tars");
      assert.deepStrictEqual(references, [{ _tag: "Local", path: "./charts/tars" }]);
      assert.include(stderr, "Using chart ./charts/tars");
    }).pipe(Effect.provide(world({ charts }))),
  );

  it.effect.each([[undefined], ["1.4.0"]] as const)(
    "can be an OCI reference, version %s",
    ([version]) =>
      Effect.gen(function* () {
        const { helmArgs, references } = yield* runUpgradeCli([
          "--chart-path",
          OCI,
          ...(version === undefined ? [] : ["--chart-version", version]),
        ]);
        assert.strictEqual(helmArgs[2], OCI);
        assert.deepStrictEqual(references, [{ _tag: "Remote", url: OCI, version }]);
      }).pipe(Effect.provide(world({ charts }))),
  );
});

describe("a flag decides what the run does:", () => {
  const SINGLE = { ...INSTALLED_VALUES, ha: { enabled: false } };

  it.effect.each([
    [[], 12],
    [["--allow-downtime"], 0],
    [["--allow-downtime=false"], 12],
    [["--no-allow-downtime"], 12],
  ] as const)("a single replica with %j ends with %i", ([flags, expected]) =>
    Effect.gen(function* () {
      const { code, invocations } = yield* runUpgradeCli(flags);
      assert.strictEqual(code, expected);
      assert.lengthOf(invocations, expected === 0 ? 1 : 0);
    }).pipe(Effect.provide(world({ values: SINGLE }))),
  );

  it.effect.each([
    [[], 10],
    [["--allow-reach-change"], 0],
    [["--allow-reach-change", "--strict-values"], 10],
    [["--strict-values", "--redis-type", "hosted"], 0],
    [["--strict-values", "--keep", "redis.type"], 0],
    [["--strict-values", "--keep", "all"], 0],
    [["--allow-reach-change", "--image-registry", "reg.example:5000/a/b_c"], 0],
    [["--allow-reach-change", "--image-registry", "https://reg.example/a"], 2],
    [["--allow-reach-change", "--image-registry", "reg.example/a/"], 2],
    [["--keep", "redis.typo"], 2],
    [["--keep", "redis..type"], 2],
    [["--values", '{"redis":{"type":"hosted"}}'], 0],
    [["--values", "{not: [json"], 2],
    [["--values", "no-such-file.yaml"], 2],
  ] as const)("a value that is not carried with %j ends with %i", ([flags, expected]) =>
    Effect.gen(function* () {
      const { code, invocations } = yield* runUpgradeCli(flags);
      assert.strictEqual(code, expected);
      assert.lengthOf(invocations, expected === 0 ? 1 : 0);
    }).pipe(Effect.provide(world({ values: { ...INSTALLED_VALUES, redis: { type: "hosted" } } }))),
  );

  it.effect.each([
    [[], undefined, false],
    [["--skip-preflight"], undefined, true],
    [[], "1", true],
    [[], "true", true],
    [[], "0", false],
    [["--skip-preflight=false"], "1", false],
  ] as const)("the preflight with %j and TARE_SKIP_PREFLIGHT=%s", ([flags, variable, skipped]) =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runUpgradeCli(
        flags,
        variable === undefined ? {} : { env: { TARE_SKIP_PREFLIGHT: variable } },
      );
      assert.strictEqual(code, 0);
      assert.strictEqual(stderr.includes("skipped (--skip-preflight)"), skipped);
      assert.strictEqual(
        stderr.some((line) => line.startsWith("warning: metrics-server is absent")),
        !skipped,
      );
    }).pipe(Effect.provide(world({ metrics: "absent" }))),
  );

  it.effect("--settle-time is how long the data plane is watched", () =>
    Effect.gen(function* () {
      const short = yield* runUpgradeCli().pipe(Effect.provide(world(), { local: true }));
      const long = yield* runUpgradeCli(["--settle-time", "1m"]).pipe(
        Effect.provide(world(), { local: true }),
      );
      assert.strictEqual(long.elapsed - short.elapsed, 45_000);
    }),
  );

  it.effect("--kubeconfig and --context choose the cluster", () =>
    Effect.gen(function* () {
      const plain = yield* runUpgradeCli();
      assert.deepStrictEqual(plain.choices, [{ kubeconfig: undefined, context: undefined }]);
      const chosen = yield* runUpgradeCli(["--kubeconfig", "./kube", "--context", "prod"]);
      assert.deepStrictEqual(chosen.choices, [{ kubeconfig: "./kube", context: "prod" }]);
    }).pipe(Effect.provide(world())),
  );
});

const VISIBLE: ReadonlyArray<readonly [flag: string, preset: string]> = [
  ["--allow-downtime", "false"],
  ["--ha", "true"],
  ["--drain-timeout-seconds", "300"],
  ["--no-atomic", "false"],
  ["--timeout", "10m"],
  ["--enable-otel-collector", "carry-forward"],
  ["--otel-collector-endpoint", "carry-forward"],
  ["--otel-exporter-auth-headers", "carry-forward"],
  ["--strict-values", "false"],
];

const HIDDEN = [
  "--release-name",
  "--system-namespace",
  "--dataplane-namespace",
  "--chart-path",
  "--chart-version",
  "--image-registry",
  "--image-tag",
  "--deployment-mode",
  "--customer",
  "--environment",
  "--serve-url",
  "--redis-type",
  "--no-rate-limiting",
  "--skip-preflight",
  "--settle-time",
];

describe("the namespace of the release", () => {
  it.effect.each(["--system-namespace", "--namespace", "-n"])("is given by %s", (flag) =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runUpgradeCli([flag, "nowhere"]);
      assert.strictEqual(code, 11);
      assert.include(stderr, "no release tars in namespace nowhere");
    }).pipe(Effect.provide(world())),
  );
});

describe("the help", () => {
  it.effect("shows the visible flags with their defaults, on stdout", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runCli(["upgrade", "--help"]);
      assert.strictEqual(code, 0);
      assert.deepStrictEqual(stderr, []);
      const text = stdout.join(" ").replaceAll(/\s+/g, " ");
      for (const [flag, preset] of VISIBLE) {
        const [, after = `no ${flag}`] = text.split(` ${flag} `);
        const [said] = after.split(" --");
        assert.match(said ?? "", new RegExp(`\\(default: ${preset}[;)]`));
      }
    }).pipe(Effect.provide(world())),
  );

  it.effect("does not list the hidden flags", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runCli(["upgrade", "--help"]);
      const shown = stdout.flatMap((line) => /^ {2}(--[a-z-]+)/.exec(line)?.[1] ?? []);
      assert.include(shown, "--timeout");
      for (const flag of HIDDEN) assert.notInclude(shown, flag);
    }).pipe(Effect.provide(world())),
  );

  it.effect("documents every exit code", () =>
    Effect.gen(function* () {
      const { stdout } = yield* runCli(["upgrade", "--help"]);
      const codes = stdout.slice(stdout.indexOf("EXIT CODES"), stdout.indexOf("EXAMPLES"));
      for (const { code, short } of UPGRADE_EXIT_CODES) {
        assert.isTrue(
          codes.some((line) => line.trim().startsWith(`${code} `) && line.endsWith(short)),
          `exit code ${code}`,
        );
      }
    }).pipe(Effect.provide(world())),
  );

  it.effect.each(["bash", "zsh", "fish"])("and the completions of %s agree with it", (shell) =>
    Effect.gen(function* () {
      const { code, stdout } = yield* runCli(["completion", shell]);
      assert.strictEqual(code, 0);
      const script = stdout.join("\n");
      for (const [flag] of VISIBLE) assert.include(script, flag.slice(2));
      // An installation shows some of them.
      const shown = new Set(
        Object.values(INSTALL_FLAGS).flatMap(({ name, isAdvanced }) => (isAdvanced ? [] : [name])),
      );
      for (const flag of HIDDEN.map((name) => name.slice(2)).filter((name) => !shown.has(name))) {
        assert.notMatch(script, new RegExp(`(--|-l )${flag}\\b`));
      }
    }).pipe(Effect.provide(world())),
  );

  it.effect("of --version is one line on stdout", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runCli(["--version"]);
      assert.strictEqual(code, 0);
      assert.match(stdout.join("\n"), /^tare \d+\.\d+\.\d+\S*$/);
      assert.deepStrictEqual(stderr, []);
    }).pipe(Effect.provide(world())),
  );
});

describe("a usage error", () => {
  it.effect("suggests the flag that was meant, on stderr alone", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* runUpgradeCli(["--alow-downtime"]);
      assert.strictEqual(code, 2);
      assert.deepStrictEqual(stdout, []);
      assert.deepStrictEqual(stderr, [
        "tare: Unrecognized flag: --alow-downtime in command tare upgrade",
        "",
        "  Did you mean this?",
        "    --allow-downtime",
        "Run 'tare upgrade --help' for usage.",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("does not repeat a word that belonged to an unquoted header", () =>
    Effect.gen(function* () {
      const { code, stderr, everything } = yield* runUpgradeCli([
        "--otel-exporter-auth-headers",
        "Bearer",
        "another-otel-token-987654",
      ]);
      assert.strictEqual(code, 2);
      assert.notInclude(everything, "another-otel-token");
      assert.deepStrictEqual(stderr, [
        "tare: one argument too many: a value with spaces needs quotes",
        "Run 'tare upgrade --help' for usage.",
      ]);
    }).pipe(Effect.provide(world())),
  );
});

describe("the exit code", () => {
  const usage = new CliError.ShowHelp({
    commandPath: ["tare", "upgrade"],
    errors: [new CliError.ValidationError({ message: "no" })],
  });
  const help = new CliError.ShowHelp({ commandPath: ["tare"], errors: [] });

  it.effect.each([
    ["done", Exit.void, undefined, 0],
    ["a usage error", Exit.fail(usage), undefined, 2],
    ["help that was asked for", Exit.fail(help), undefined, 0],
    ["a bad value", Exit.fail(new CliError.ValidationError({ message: "no" })), undefined, 2],
    ...[2, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23].map(
      (exitCode) =>
        [
          `failure ${exitCode}`,
          Exit.fail(new RunFailed({ exitCode })),
          undefined,
          exitCode,
        ] as const,
    ),
    ["a failure after a signal", Exit.fail(new RunFailed({ exitCode: 21 })), "SIGTERM", 21],
    ["SIGINT", Exit.interrupt(), "SIGINT", 130],
    ["SIGTERM", Exit.interrupt(), "SIGTERM", 143],
    ["SIGHUP", Exit.interrupt(), "SIGHUP", 129],
    ["an interruption from within", Exit.interrupt(), undefined, 130],
    ["a defect", Exit.die(new Error("boom")), undefined, 1],
    ["an error nobody foresaw", Exit.fail(new Error("boom")), undefined, 1],
  ] as ReadonlyArray<
    readonly [string, Exit.Exit<unknown, unknown>, NodeJS.Signals | undefined, number]
  >)("of %s", ([, exit, signal, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* exitCodeOf(exit, signal), expected);
    }),
  );
});
