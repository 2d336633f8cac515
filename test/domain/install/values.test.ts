import { assert, describe, it } from "@effect/vitest";
import { Redacted, Schema } from "effect";
import {
  DEFAULT_INSTALL_OPTIONS,
  type InstallOptions,
} from "../../../src/domain/install/options.ts";
import { type InstallValueSources, installValues } from "../../../src/domain/install/values.ts";
import { getPath, type Json, type JsonObject, leaves } from "../../../src/domain/kube/json.ts";

const NOBODY: InstallValueSources["identity"] = {};

const made = (
  options: Partial<InstallOptions>,
  more: Partial<Omit<InstallValueSources, "options">> = {},
) =>
  installValues({
    options: { ...DEFAULT_INSTALL_OPTIONS, ...options },
    stored: undefined,
    identity: NOBODY,
    chartDefaults: { global: { deploymentMode: "enterprise" } },
    ...more,
  });

const at = (values: Redacted.Redacted<JsonObject>, path: string) =>
  getPath(Redacted.value(values), path.split("."));

describe("a re-run", () => {
  const Stored = Schema.Record(
    Schema.Union([Schema.Literals(["global", "ha", "redis", "customer"]), Schema.String]),
    Schema.Json,
  ) as unknown as Schema.Schema<JsonObject>;

  it.prop("keeps every value, whatever its shape", [Stored], ([stored]) => {
    const { values, missing } = made({}, { stored });
    assert.deepStrictEqual(Redacted.value(values), stored);
    assert.deepStrictEqual(missing, []);
  });

  it.each([
    ["null", null],
    ["false", false],
    ["zero", 0],
    ["nothing", ""],
    ["a string that looks like a number", "0123"],
    ["one that looks like another", "1e3"],
    ["a string that looks like a boolean", "true"],
    ["one that looks like null", "~"],
    ["letters of other alphabets", "ünïcødé 🚀"],
    ["a list", ["a", 1, null]],
    ["an empty mapping", {}],
    ["a fraction", 0.1],
  ] as const)("keeps %s in its type", (_, value: Json) => {
    const stored = { global: { customer: value, "a.b/c": value }, other: value };
    assert.deepStrictEqual(Redacted.value(made({}, { stored }).values), stored);
  });

  it.prop("changes nothing but what a flag of it says", [Stored], ([stored]) => {
    const { values } = made(
      { ha: true, decided: ["ha.enabled"], carriedFlags: new Map([["customer", "acme"]]) },
      { stored: { ...stored, ha: { enabled: false, minReplicas: 3 }, global: { a: 1 } } },
    );
    assert.deepStrictEqual(Redacted.value(values), {
      ...stored,
      ha: { enabled: true, minReplicas: 3 },
      global: { a: 1, customer: "acme" },
    });
  });

  it("takes a default of a flag for no wish", () => {
    const stored = { ha: { enabled: false }, redis: { type: "hosted" } };
    assert.deepStrictEqual(Redacted.value(made({ ha: true }, { stored }).values), stored);
  });

  it("does not ask for what it did without so far", () => {
    const stored = { global: { deploymentMode: "saas" } };
    assert.deepStrictEqual(made({}, { stored }).missing, []);
  });
});

describe("where a value comes from", () => {
  const identity = { customer: "of the identity file" };
  const flag = { carriedFlags: new Map([["customer", "of the flag"]]) };
  const file = { values: Redacted.make({ global: { customer: "of the values file" } }) };
  const stored = { global: { customer: "of the release" } };

  it.each([
    ["the flag, before all", { ...flag, ...file }, { stored, identity }, "of the flag"],
    ["the values file, before the release", file, { stored, identity }, "of the values file"],
    ["the release, before the identity file", {}, { stored, identity }, "of the release"],
    ["the identity file", {}, { identity }, "of the identity file"],
    [
      "the identity file, for a release without",
      {},
      { identity, stored: {} },
      "of the identity file",
    ],
    ["the flag, in a first installation", { ...flag, ...file }, { identity }, "of the flag"],
    ["nowhere", {}, {}, undefined],
  ] as const)("%s", (_, options, more, expected) => {
    assert.strictEqual(at(made(options, more).values, "global.customer"), expected);
  });
});

describe("a first installation", () => {
  it("generates what the flags decide, defaults included", () => {
    const { values } = made({});
    assert.includeMembers(
      leaves(Redacted.value(values)).map(([path]) => path.join(".")),
      ["global.dataplaneNamespace", "ha.enabled", "redis.type", "shutdown.drainTimeout"],
    );
  });

  const asked = (options: Partial<InstallOptions>) => made(options).missing.map(({ flag }) => flag);
  const mode = ["deployment-mode", "saas"] as const;

  it.each([
    ["an enterprise", {}, []],
    ["a SaaS", { carriedFlags: new Map([mode]) }, ["customer", "environment"]],
    [
      "a SaaS with an empty customer",
      { carriedFlags: new Map([mode, ["customer", ""], ["environment", "prod"]]) },
      ["customer"],
    ],
    [
      "a SaaS with a collector",
      { carriedFlags: new Map<string, string | boolean>([mode, ["enable-otel-collector", true]]) },
      ["customer", "environment", "otel-collector-endpoint"],
    ],
    [
      "a SaaS that a values file describes",
      {
        values: Redacted.make<JsonObject>({
          global: { deploymentMode: "saas", customer: "acme", environment: null },
        }),
      },
      ["environment"],
    ],
  ] as const)("of %s says all that is missing at once", (_, options, expected) => {
    assert.deepStrictEqual(asked(options), [...expected]);
  });
});
