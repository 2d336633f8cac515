import { inspect } from "node:util";
import { assert, describe, it } from "@effect/vitest";
import { Redacted, Schema } from "effect";
import {
  dotted,
  getPath,
  type Json,
  type JsonObject,
  setPath,
} from "../../../src/domain/kube/json.ts";
import {
  CARRIED_FIELDS,
  type CarriedFlags,
  type CarriedValue,
  type CarryOver,
  carriedForward,
  carriedSecrets,
  carryOver,
  type FlagValue,
  malformedCarriedValues,
  malformedParents,
  withCarriedValues,
} from "../../../src/domain/values/carry-over.ts";
import { carriedLine } from "../../../src/words/values/carried.ts";

const AUTHORIZATION = "otelCollector.exporters.otlp.headers.Authorization";

const stored = (values: Readonly<Record<string, Json>>): JsonObject =>
  Object.entries(values).reduce<JsonObject>(
    (root, [path, value]) => setPath(root, path.split("."), value),
    {},
  );
const flags = (given: Readonly<Record<string, FlagValue>>): CarriedFlags =>
  new Map(Object.entries(given));
const NO_FLAGS = flags({});

const clear = (value: CarriedValue): Json =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value;
const shown = ({ entries }: CarryOver) =>
  Object.fromEntries(
    entries.map(({ path, value, source }) => [dotted(path), [clear(value), source]]),
  );

describe("the carried fields", () => {
  it("are exactly the nine of the documentation, each with its flag", () => {
    assert.deepStrictEqual(
      CARRIED_FIELDS.map(({ path, flag }) => [dotted(path), flag]),
      [
        ["global.imageRegistry", "image-registry"],
        ["global.customer", "customer"],
        ["global.environment", "environment"],
        ["global.deploymentMode", "deployment-mode"],
        ["global.serveUrl", "serve-url"],
        ["global.imagePullSecretName", undefined],
        ["otelCollector.enabled", "enable-otel-collector"],
        ["otelCollector.exporters.otlp.endpoint", "otel-collector-endpoint"],
        [AUTHORIZATION, "otel-exporter-auth-headers"],
      ],
    );
  });

  it("have one secret, the Authorization header", () => {
    assert.deepStrictEqual(
      CARRIED_FIELDS.filter(({ secret }) => secret).map(({ path }) => dotted(path)),
      [AUTHORIZATION],
    );
  });

  it("fall back to the identity file for customer, environment and serve URL only", () => {
    assert.deepStrictEqual(
      CARRIED_FIELDS.flatMap(({ path, identityField }) =>
        identityField === undefined ? [] : [[dotted(path), identityField]],
      ),
      [
        ["global.customer", "customer"],
        ["global.environment", "environment"],
        ["global.serveUrl", "serveUrl"],
      ],
    );
  });

  it.each(CARRIED_FIELDS.map(({ path }) => dotted(path)))(
    "%s is carried from the release",
    (path) => {
      assert.deepStrictEqual(shown(carryOver(stored({ [path]: "live" }), NO_FLAGS, {})), {
        [path]: ["live", "release"],
      });
    },
  );

  it.each(
    CARRIED_FIELDS.flatMap(({ path, flag }) => (flag === undefined ? [] : [[dotted(path), flag]])),
  )("%s is overridden by --%s", (path, flag) => {
    const carry = carryOver(
      stored({ [path as string]: "live" }),
      flags({ [flag as string]: "asked" }),
      {},
    );
    assert.deepStrictEqual(shown(carry), { [path as string]: ["asked", "flag"] });
  });

  it("nothing else is carried", () => {
    const values = stored({
      "global.imageTag": "1.0",
      "global.dataplaneNamespace": "x",
      "redis.type": "hosted",
      "otelCollector.exporters.otlp.headers.X-Other": "y",
      "otelCollector.exporters.debug": true,
      "ha.enabled": false,
    });
    assert.deepStrictEqual(carryOver(values, NO_FLAGS, {}).entries, []);
  });

  it("a key that merely contains dots is not the path", () => {
    assert.deepStrictEqual(carryOver({ "global.customer": "acme" }, NO_FLAGS, {}).entries, []);
  });
});

describe("precedence", () => {
  const live = stored({ "global.customer": "from-release" });
  const identity = { customer: "from-identity" };

  it.each<[string, JsonObject, CarriedFlags, object, Json, string]>([
    ["flag over both", live, flags({ customer: "from-flag" }), identity, "from-flag", "flag"],
    ["flag over identity", {}, flags({ customer: "from-flag" }), identity, "from-flag", "flag"],
    ["release over identity", live, NO_FLAGS, identity, "from-release", "release"],
    ["identity when alone", {}, NO_FLAGS, identity, "from-identity", "identity"],
    ["an empty flag still wins", live, flags({ customer: "" }), identity, "", "flag"],
    [
      "null in the release still wins",
      stored({ "global.customer": null }),
      NO_FLAGS,
      identity,
      null,
      "release",
    ],
    [
      "an empty text in the release still wins",
      stored({ "global.customer": "" }),
      NO_FLAGS,
      identity,
      "",
      "release",
    ],
  ])("%s", (_, values, given, from, value, source) => {
    assert.deepStrictEqual(shown(carryOver(values, given, from)), {
      "global.customer": [value, source],
    });
  });

  it("a mapping removed with null leaves room for the identity file", () => {
    assert.deepStrictEqual(shown(carryOver({ global: null }, NO_FLAGS, identity)), {
      "global.customer": ["from-identity", "identity"],
    });
  });

  it("nobody having said anything, nothing is carried", () => {
    assert.deepStrictEqual(carryOver({}, NO_FLAGS, {}), { entries: [], differences: [] });
  });
});

describe("values keep their type", () => {
  const TYPES: ReadonlyArray<Json> = [
    null,
    true,
    false,
    0,
    1.5,
    -1,
    "",
    "007",
    "1e3",
    "true",
    "null",
  ];

  it.each(
    CARRIED_FIELDS.flatMap(({ path }) => TYPES.map((value) => [dotted(path), value] as const)),
  )("%s = %j", (path, value) => {
    const values = stored({ [path]: value });
    const carry = carryOver(values, NO_FLAGS, {});
    assert.deepStrictEqual(Redacted.value(withCarriedValues({}, carry)), values);
  });

  it("a boolean flag becomes a boolean, a text flag stays text", () => {
    const carry = carryOver(
      {},
      flags({ "enable-otel-collector": false, customer: "007", environment: "true" }),
      {},
    );
    assert.deepStrictEqual(Redacted.value(withCarriedValues({}, carry)), {
      global: { customer: "007", environment: "true" },
      otelCollector: { enabled: false },
    });
  });

  const Scalar = Schema.Union([Schema.Null, Schema.Boolean, Schema.Finite, Schema.String]);
  it.prop(
    "what was carried is what was stored, whatever it is",
    [Schema.Array(Schema.Tuple([Schema.Literals(CARRIED_FIELDS.map((_, i) => i)), Scalar]))],
    ([pairs]) => {
      const values = pairs.reduce<JsonObject>(
        (root, [index, value]) => setPath(root, CARRIED_FIELDS[index]?.path ?? [], value),
        {},
      );
      const carried = Redacted.value(withCarriedValues({}, carryOver(values, NO_FLAGS, {})));
      for (const { path } of CARRIED_FIELDS) {
        assert.deepStrictEqual(getPath(carried, path), getPath(values, path));
      }
    },
  );
});

describe("differences", () => {
  const path = ["global", "customer"];
  const live = stored({ "global.customer": "a" });

  it.each<[string, JsonObject, CarriedFlags, object, CarryOver["differences"]]>([
    [
      "release and identity disagree",
      live,
      NO_FLAGS,
      { customer: "b" },
      [{ path, used: "release", ignored: "identity" }],
    ],
    ["release and identity agree", live, NO_FLAGS, { customer: "a" }, []],
    [
      "a flag changes the live value: that is what it is for",
      live,
      flags({ customer: "b" }),
      {},
      [],
    ],
    [
      "a flag disagrees with the identity file",
      live,
      flags({ customer: "b" }),
      { customer: "c" },
      [{ path, used: "flag", ignored: "identity" }],
    ],
    ["a flag repeats the identity file", live, flags({ customer: "c" }), { customer: "c" }, []],
    [
      "a number is not the text that looks like it",
      stored({ "global.customer": 7 }),
      NO_FLAGS,
      { customer: "7" },
      [{ path, used: "release", ignored: "identity" }],
    ],
    ["only one source spoke", {}, NO_FLAGS, { customer: "b" }, []],
  ])("%s", (_, values, given, identity, differences) => {
    assert.deepStrictEqual(carryOver(values, given, identity).differences, differences);
  });
});

describe("a header value", () => {
  const SECRET = "Bearer 0123456789abcdef";
  const sources: ReadonlyArray<readonly [string, CarryOver]> = [
    ["from the release", carryOver(stored({ [AUTHORIZATION]: SECRET }), NO_FLAGS, {})],
    [
      "from a sealed flag",
      carryOver({}, flags({ "otel-exporter-auth-headers": Redacted.make(SECRET) }), {}),
    ],
    [
      "from a flag over the release",
      carryOver(
        stored({ [AUTHORIZATION]: `${SECRET}-old` }),
        flags({ "otel-exporter-auth-headers": SECRET }),
        {},
      ),
    ],
  ];

  it.each(sources)("%s is shown by no way of printing", (_, carry) => {
    const values = withCarriedValues({}, carry);
    for (const printed of [
      JSON.stringify(carry),
      inspect(carry, { depth: 20, showHidden: true }),
      carry.entries.map(({ value }) => `${value}`).join(),
      carriedLine(carriedForward(carry)),
      JSON.stringify(values),
      inspect(values, { depth: 20, showHidden: true }),
      `${values}`,
    ]) {
      assert.notInclude(printed, "0123456789");
    }
  });

  it.each(sources)("%s reaches the values in the clear", (_, carry) => {
    assert.strictEqual(
      getPath(Redacted.value(withCarriedValues({}, carry)), AUTHORIZATION.split(".")),
      SECRET,
    );
  });

  it.each(sources)("%s is known as a secret to be masked", (_, carry) => {
    assert.deepStrictEqual(carriedSecrets(carry).map(Redacted.value), [SECRET]);
  });

  it("that is no text is sealed too, but cannot be looked for in texts", () => {
    const carry = carryOver(stored({ [AUTHORIZATION]: 123456789 }), NO_FLAGS, {});
    assert.notInclude(JSON.stringify(carry), "123456789");
    assert.deepStrictEqual(carriedSecrets(carry), []);
  });

  it("a sealed flag for a field that is no secret is opened", () => {
    const carry = carryOver({}, flags({ customer: Redacted.make("acme") }), {});
    assert.deepStrictEqual(carry.entries[0]?.value, "acme");
  });
});

describe("values laid over a base", () => {
  it("keep what the base has beside them", () => {
    const carry = carryOver(stored({ "global.customer": "acme" }), NO_FLAGS, {});
    const base = { global: { imageTag: "2", customer: "old" }, ha: { enabled: true } };
    assert.deepStrictEqual(Redacted.value(withCarriedValues(base, carry)), {
      global: { imageTag: "2", customer: "acme" },
      ha: { enabled: true },
    });
    assert.strictEqual(base.global.customer, "old");
  });
});

describe("stored values that cannot be carried", () => {
  const PARENTS = [
    "global",
    "otelCollector",
    "otelCollector.exporters",
    "otelCollector.exporters.otlp",
    "otelCollector.exporters.otlp.headers",
  ];

  it.each(
    PARENTS.flatMap((path) =>
      (
        [
          ["text", "a string"],
          [7, "a number"],
          [false, "a boolean"],
          [["x"], "a list"],
          ["", "a string"],
        ] as const
      ).map(([value, words]) => [path, value, words] as const),
    ),
  )("%s = %j", (path, value, words) => {
    assert.deepStrictEqual(malformedParents(stored({ [path]: value as Json })), [
      { path, expected: "mapping", found: words },
    ]);
  });

  it.each(PARENTS)("%s may be a mapping, missing, or removed with null", (path) => {
    assert.deepStrictEqual(malformedParents({}), []);
    assert.deepStrictEqual(malformedParents(stored({ [path]: null })), []);
    assert.deepStrictEqual(malformedParents(stored({ [path]: {} })), []);
  });

  it.each(CARRIED_FIELDS.map(({ path }) => dotted(path)))(
    "%s may be neither mapping nor list",
    (path) => {
      assert.deepStrictEqual(malformedCarriedValues(stored({ [path]: { secret: "s" } })), [
        { path, expected: "single value", found: "a mapping" },
      ]);
      assert.deepStrictEqual(malformedCarriedValues(stored({ [path]: [] })), [
        { path, expected: "single value", found: "a list" },
      ]);
      for (const value of [null, false, 0, "", "007"]) {
        assert.deepStrictEqual(malformedCarriedValues(stored({ [path]: value })), []);
      }
    },
  );

  it("everything that is wrong is reported at once", () => {
    const values = { global: "x", otelCollector: { exporters: [] } };
    assert.deepStrictEqual(
      malformedParents(values).map(({ path }) => path),
      ["global", "otelCollector.exporters"],
    );
  });
});

describe("the carried-forward line", () => {
  it.each<[string, JsonObject, CarriedFlags, string]>([
    [
      "is the documented one",
      stored({
        "global.imageRegistry": "gcr.io/acme/tars",
        "global.customer": "acme",
        "global.environment": "",
        "otelCollector.enabled": true,
      }),
      NO_FLAGS,
      'carried forward: registry="gcr.io/acme/tars" customer="acme" env="" otel=true',
    ],
    [
      "has empty quotes and false for what is not there",
      {},
      NO_FLAGS,
      'carried forward: registry="" customer="" env="" otel=false',
    ],
    [
      "takes null for nothing",
      stored({ "global.customer": null, "otelCollector.enabled": null }),
      NO_FLAGS,
      'carried forward: registry="" customer="" env="" otel=false',
    ],
    [
      "shows what a flag decided",
      stored({ "global.imageRegistry": "old" }),
      flags({ "image-registry": "new", "enable-otel-collector": true }),
      'carried forward: registry="new" customer="" env="" otel=true',
    ],
    [
      "stays one line whatever a value holds",
      stored({ "global.customer": 'a"b\nc', "global.environment": 7 }),
      NO_FLAGS,
      'carried forward: registry="" customer="a\\"b\\nc" env="7" otel=false',
    ],
  ])("%s", (_, values, given, line) => {
    assert.strictEqual(carriedLine(carriedForward(carryOver(values, given, {}))), line);
  });
});
