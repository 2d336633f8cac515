import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import { MASKED, shownWhole } from "../../../src/domain/fields/shown-value.ts";
import {
  dotted,
  getPath,
  type Json,
  type JsonObject,
  jsonEquals,
  leaves,
  setPath,
} from "../../../src/domain/kube/json.ts";
import {
  DEFAULT_UPGRADE_OPTIONS,
  generatedValues,
} from "../../../src/domain/run/upgrade-options.ts";
import { CARRIED_FIELDS } from "../../../src/domain/values/carry-over.ts";
import { keepFlagFor, lostValues } from "../../../src/domain/values/lost-values.ts";

const at = (path: string, value: Json): JsonObject => setPath({}, path.split("."), value);
const GENERATED = generatedValues(DEFAULT_UPGRADE_OPTIONS);

const lost = (
  stored: JsonObject,
  generated: JsonObject,
  chartDefaults: JsonObject,
  withoutFlags = generated,
  decided: ReadonlyArray<string> = [],
) => lostValues(stored, { generated, withoutFlags, decided, chartDefaults });

describe("the flag that keeps a lost value", () => {
  it.each<[string, Json, string | undefined]>([
    ["redis.type", "hosted", "--redis-type hosted"],
    ["rateLimiting.enabled", false, "--no-rate-limiting"],
    ["rateLimiting.enabled", "maybe", undefined],
    ["ha.enabled", false, "--ha=false --allow-downtime"],
    ["ha.enabled", "no", undefined],
    ["global.imageTag", "1.4.2", "--image-tag 1.4.2"],
    ["global.dataplaneNamespace", "other", "--dataplane-namespace other"],
    ["shutdown.drainTimeout", "600s", "--drain-timeout-seconds 600"],
    ["shutdown.drainTimeout", "10m", "--drain-timeout-seconds 600"],
    ["shutdown.drainTimeout", "1500ms", "--drain-timeout-seconds 2"],
    ["shutdown.drainTimeout", "soon", undefined],
    ["shutdown.drainTimeout", 600, undefined],
    ["gateway.replicas", 3, undefined],
    ["global.imageTag", null, undefined],
    ["redis.type", null, undefined],
    ["global.dataplaneNamespace", null, undefined],
  ])("%s = %j", (path, value, keepWith) => {
    assert.deepStrictEqual(lost(at(path, value), GENERATED, {}), [
      { path, shown: shownWhole(JSON.stringify(value)), keepWith: keepWith ?? `--keep ${path}` },
    ]);
  });

  it("passed, the value is no longer lost", () => {
    const stored: JsonObject = {
      redis: { type: "hosted" },
      rateLimiting: { enabled: false },
      ha: { enabled: false },
      global: { imageTag: "1.4.2", dataplaneNamespace: "other" },
      shutdown: { drainTimeout: "600s" },
    };
    assert.lengthOf(lost(stored, GENERATED, {}), 6);
    const generated = generatedValues({
      ...DEFAULT_UPGRADE_OPTIONS,
      redisType: "hosted",
      rateLimiting: false,
      ha: false,
      imageTag: "1.4.2",
      dataplaneNamespace: "other",
      drainTimeout: Duration.seconds(600),
    });
    assert.deepStrictEqual(lost(stored, generated, {}), []);
  });

  it.each(["constructor", "toString", "hasOwnProperty", "__proto__"])(
    "a value called %s is kept by its path",
    (name) => {
      const stored = JSON.parse(`{${JSON.stringify(name)}:"x"}`) as JsonObject;
      assert.deepStrictEqual(lost(stored, GENERATED, {}), [
        { path: name, shown: shownWhole('"x"'), keepWith: `--keep ${name}` },
      ]);
    },
  );
});

describe("a value is not lost", () => {
  it.each<[string, Partial<typeof DEFAULT_UPGRADE_OPTIONS>, string, Json]>([
    ["drain time", { drainTimeout: Duration.seconds(12) }, "shutdown.drainTimeout", "300s"],
    ["image tag", { imageTag: "2.0.0" }, "global.imageTag", "1.4.2"],
    ["Redis", { redisType: "hosted" }, "redis.type", "sentinel"],
    ["rate limiting", { rateLimiting: false }, "rateLimiting.enabled", true],
  ])("when a flag of this run replaces it: %s", (_, flags, path, value) => {
    const generated = generatedValues({ ...DEFAULT_UPGRADE_OPTIONS, ...flags });
    assert.deepStrictEqual(lost(at(path, value), generated, {}, GENERATED), []);
  });

  it.each([
    ["shutdown.drainTimeout", "120s"],
    ["ha.enabled", false],
    ["redis.type", "hosted"],
    ["rateLimiting.enabled", false],
  ])("when a flag of this run says what the default is: %s", (path, value) => {
    assert.deepStrictEqual(lost(at(path, value), GENERATED, {}, GENERATED, [path]), []);
  });

  it.each(CARRIED_FIELDS.map(({ path }) => dotted(path)))("when it is carried: %s", (path) => {
    assert.deepStrictEqual(lost(at(path, "anything"), GENERATED, {}), []);
  });

  it("when the chart itself keeps it", () => {
    assert.deepStrictEqual(lost(at("global.clusterDomain", "corp.example"), GENERATED, {}), []);
  });

  it("when the generated values say the same", () => {
    assert.deepStrictEqual(lost(GENERATED, GENERATED, {}), []);
  });

  it.each<Json>([3, "x", false, null, [1, { a: 2, b: 3 }], {}])(
    "when the new chart's default is the same: %j",
    (value) => {
      assert.deepStrictEqual(lost(at("a.b", value), {}, at("a.b", value)), []);
    },
  );

  it("when only the order of keys differs", () => {
    assert.deepStrictEqual(lost({ list: [{ a: 1, b: 2 }] }, {}, { list: [{ b: 2, a: 1 }] }), []);
  });
});

describe("a value is lost", () => {
  it.each<[string, Json, Json]>([
    ["a.b", 3, 2],
    ["a.b", "3", 3],
    ["a.b", "true", true],
    ["a.b", false, true],
    ["a.b", 0, ""],
    ["a.b", null, 1],
    ["a.b", [1, 2], [2, 1]],
    ["a.b", [], {}],
  ])("%s = %j when the new default is %j", (path, value, next) => {
    assert.deepStrictEqual(
      lost(at(path, value), {}, at(path, next)).map((lost) => lost.path),
      [path],
    );
  });

  it("when the generated value differs, whatever the chart's default", () => {
    const chart = at("redis.type", "hosted");
    assert.lengthOf(lost(at("redis.type", "hosted"), GENERATED, chart), 1);
  });

  it("when a key contains dots and only looks like a carried path", () => {
    assert.deepStrictEqual(
      lost({ "global.customer": "acme" }, GENERATED, {}).map(({ path }) => path),
      ["global.customer"],
    );
  });

  it("every lost leaf is listed, in the order it was stored", () => {
    assert.deepStrictEqual(
      lost({ z: 1, a: { y: [1], b: null } }, {}, {}).map(({ path, shown }) => [path, shown.text]),
      [
        ["z", "1"],
        ["a.y", "[1]"],
        ["a.b", "null"],
      ],
    );
  });
});

describe("a secret is masked", () => {
  it.each([
    "redis.password",
    "gateway.apiKey",
    "auth.tokens",
    "otelCollector.exporters.otlp.headers.X-Team",
  ])("%s by its name", (path) => {
    assert.deepStrictEqual(lost(at(path, "s3cr3t"), {}, {}), [
      { path, shown: MASKED, keepWith: `--keep ${path}` },
    ]);
  });

  it.each<[string, Json]>([
    ["inside a list", [{ name: "REDIS_PASSWORD", value: "s3cr3t" }]],
    ["inside a list of mappings", [{ name: "x", auth: { token: "s3cr3t" } }]],
  ])("%s, since lists are shown whole", (_, value) => {
    assert.deepStrictEqual(
      lost({ extraEnv: value }, {}, {}).map(({ shown }) => shown),
      [MASKED],
    );
  });

  it.each([
    ["redis://user:s3cr3t@redis:6379", '"redis://user:[redacted]@redis:6379"'],
    ["Bearer s3cr3ts3cr3t", '"Bearer [redacted]"'],
  ])("inside a value that gives itself away: %s", (value, shown) => {
    assert.deepStrictEqual(
      lost({ redis: { url: value } }, {}, {}).map((lost) => lost.shown),
      [shownWhole(shown)],
    );
  });
});

const Mapping = Schema.Record(
  Schema.Union([Schema.Literals(["global", "customer", "redis", "type"]), Schema.String]),
  Schema.Json,
) as unknown as Schema.Schema<JsonObject>;

describe("for any stored values", () => {
  it.prop("nothing is lost against themselves", [Mapping], ([stored]) => {
    assert.deepStrictEqual(lost(stored, {}, stored), []);
  });

  it.prop("each leaf is carried, the same, or listed", [Mapping, Mapping], ([stored, chart]) => {
    const carried = new Set(CARRIED_FIELDS.map(({ path }) => JSON.stringify(path)));
    const expected = leaves(stored).filter(
      ([path, value]) =>
        !carried.has(JSON.stringify(path)) && !jsonEquals(getPath(chart, path), value),
    );
    assert.deepStrictEqual(
      lost(stored, {}, chart).map(({ path }) => path),
      expected.map(([path]) => dotted(path)),
    );
  });
});

it("a key with dots is kept with the mapping that holds it", () => {
  const stored = { gateway: { service: { annotations: { "a.b/c": "x" } } } };
  const [value] = lost(stored, {}, {});
  assert.strictEqual(value?.keepWith, "--keep gateway.service.annotations");
});

it.each([
  [["gateway", "listeners"], "--keep gateway.listeners"],
  [["gateway", "service"], "--keep gateway.service"],
  [["redis", "type"], "--redis-type hosted"],
  [["gateway", "className"], undefined],
  [undefined, undefined],
] as const)("what is lost at or beneath %j is kept with %s", (path, flag) => {
  const stored = { gateway: { listeners: [1], service: { type: "x" } }, redis: { type: "hosted" } };
  assert.strictEqual(keepFlagFor(lost(stored, {}, {}), path), flag);
});
