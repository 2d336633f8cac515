import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted, Schema } from "effect";
import {
  dotted,
  getPath,
  type Json,
  type JsonObject,
  setPath,
} from "../../src/domain/kube/json.ts";
import { CARRIED_FIELDS, type FlagValue } from "../../src/domain/values/carry-over.ts";
import {
  FakeHelm,
  HELM_3,
  HELM_4,
  IDENTITY,
  INSTALLED_VALUES,
  Recorder,
  runUpgrade,
  world,
  writesOf,
} from "../fakes/index.ts";

const given = Effect.gen(function* () {
  const [invocation] = yield* (yield* FakeHelm).invocations;
  return invocation?.values ?? {};
});

const lostLines = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) =>
    event._tag === "ValuesLost"
      ? event.lost.map(({ path, shown, keepWith }) =>
          `${path}=${shown.text} ${keepWith ?? ""}`.trim(),
        )
      : [],
  );
});

const flags = (entries: Readonly<Record<string, FlagValue>>) => new Map(Object.entries(entries));

describe("the values", () => {
  it.effect("are those of the deployed revision while the newest one is a failed attempt", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 3);
      assert.strictEqual(getPath(yield* given, ["global", "customer"]), "acme");
    }).pipe(
      Effect.provide(
        world({
          revisions: [
            { status: "deployed" },
            { status: "failed", values: { global: { customer: "never-deployed" } } },
          ],
        }),
      ),
    ),
  );

  it.effect("give way to flags, and the identity file gives way to both", () =>
    Effect.gen(function* () {
      yield* runUpgrade({
        options: {
          carriedFlags: flags({
            "image-registry": "registry.example/tars",
            "enable-otel-collector": false,
            "otel-exporter-auth-headers": Redacted.make("Bearer another-token-987654"),
          }),
        },
        identity: { ...IDENTITY, customer: "other", environment: "" },
      });
      const values = yield* given;
      assert.strictEqual(getPath(values, ["global", "imageRegistry"]), "registry.example/tars");
      assert.strictEqual(getPath(values, ["otelCollector", "enabled"]), false);
      assert.strictEqual(
        getPath(values, ["otelCollector", "exporters", "otlp", "headers", "Authorization"]),
        "Bearer another-token-987654",
      );
      assert.strictEqual(getPath(values, ["global", "customer"]), "acme");
      assert.deepStrictEqual(yield* (yield* Recorder).warnings, [
        "global.customer: the live release and the identity file differ; using the live release",
        "--otel-exporter-auth-headers changes nothing while the OTel collector is off: --enable-otel-collector turns it on",
      ]);
    }).pipe(Effect.provide(world())),
  );

  it.effect("that are lost are listed with the flag that keeps them, secrets masked", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade({ options: { allowReachChange: true } });
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* lostLines, [
        'redis.type="hosted" --redis-type hosted',
        "redis.password=*** --keep redis.password",
        'custom.colour="teal" --keep custom.colour',
      ]);
    }).pipe(
      Effect.provide(
        world({
          values: {
            ...INSTALLED_VALUES,
            redis: { type: "hosted", password: "hunter2-hunter2" },
            custom: { colour: "teal" },
          },
        }),
      ),
    ),
  );

  it.effect("that would be lost stop the run with --strict-values", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade({ options: { strictValues: true } });
      assert.strictEqual(error?._tag, "ValuesWouldBeLost");
      assert.strictEqual(error?.exitCode, 10);
      assert.deepStrictEqual(error?.why, ['redis.type = "hosted"']);
      assert.deepStrictEqual(yield* writesOf("helm"), []);
      const kept = yield* runUpgrade({ options: { strictValues: true, redisType: "hosted" } });
      assert.strictEqual(kept.result?.revision, 2);
    }).pipe(Effect.provide(world({ values: { ...INSTALLED_VALUES, redis: { type: "hosted" } } }))),
  );

  it.effect(
    "name the data plane's namespace, and another one on the command line stops the run",
    () =>
      Effect.gen(function* () {
        const { error } = yield* runUpgrade();
        assert.strictEqual(error?._tag, "DataPlaneNamespaceMismatch");
        assert.strictEqual(error?.exitCode, 10);
        assert.deepStrictEqual(yield* writesOf("helm"), []);
        const right = yield* runUpgrade({ options: { dataplaneNamespace: "edge" } });
        assert.strictEqual(right.result?.dataPlane, "Settled");
      }).pipe(
        Effect.provide(
          world({ values: setPath(INSTALLED_VALUES, ["global", "dataplaneNamespace"], "edge") }),
        ),
      ),
  );

  it.effect("that cannot be carried are an error of the input", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "InvalidStoredValues");
      assert.strictEqual(error?.exitCode, 2);
      assert.deepStrictEqual(error?.why, [
        "otelCollector: expected a mapping, found a boolean",
        "global.customer: expected a single value, found a list",
      ]);
    }).pipe(
      Effect.provide(world({ values: { global: { customer: ["acme"] }, otelCollector: true } })),
    ),
  );
});

const Scalar = Schema.Union([
  Schema.Null,
  Schema.Boolean,
  Schema.Int,
  Schema.Literals(["", "0", "0123", "1e3", "true", "null", "~", "yes", "2.10", "Ünïcode", " "]),
  Schema.String,
]);

/** For each carried field a value, or nothing. */
const Stored = Schema.Tuple([
  Schema.Tuple(CARRIED_FIELDS.map(() => Schema.Union([Scalar, Schema.Undefined]))),
  Schema.Literals([HELM_3, HELM_4]),
]);

it.effect.prop(
  "a carried value is never lost or retyped on its way through an upgrade",
  [Stored],
  ([[scalars, helm]]) => {
    const stored = CARRIED_FIELDS.reduce<JsonObject>((values, { path }, index) => {
      const value = scalars[index];
      return value === undefined ? values : setPath(values, path, value as Json);
    }, {});
    return Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const values = yield* given;
      for (const { path } of CARRIED_FIELDS) {
        assert.strictEqual(getPath(values, path), getPath(stored, path), dotted(path));
      }
    }).pipe(Effect.provide(world({ helm, values: stored }), { local: true }));
  },
  { arbitrary: { runs: 60, seed: "tare" } },
);
