import { assert, describe, it } from "@effect/vitest";
import { Duration, Redacted } from "effect";
import { getPath } from "../../../src/domain/kube/json.ts";
import {
  DEFAULT_DATAPLANE_NAMESPACE,
  DEFAULT_RELEASE,
  DEFAULT_UPGRADE_OPTIONS,
  generatedValues,
  REDIS_TYPES,
} from "../../../src/domain/run/upgrade-options.ts";
import { CARRIED_FIELDS } from "../../../src/domain/values/carry-over.ts";

it("the defaults are the documented ones", () => {
  const { drainTimeout, timeout, settleTime, lockTimeout, values, ...rest } =
    DEFAULT_UPGRADE_OPTIONS;
  assert.strictEqual(Duration.toSeconds(drainTimeout), 300);
  assert.strictEqual(Duration.toSeconds(timeout), 600);
  assert.isAtLeast(Duration.toSeconds(settleTime), 15);
  assert.strictEqual(Duration.toSeconds(lockTimeout), 0);
  assert.deepStrictEqual(Redacted.value(values), {});
  assert.deepStrictEqual(rest, {
    release: { name: "tars", namespace: "tars-system" },
    dataplaneNamespace: "tars-dataplane",
    allowDowntime: false,
    allowDowngrade: false,
    ha: true,
    decided: [],
    atomic: true,
    recover: false,
    failFast: true,
    chart: { _tag: "Embedded" },
    carriedFlags: new Map(),
    imageTag: undefined,
    redisType: "cluster",
    rateLimiting: true,
    skipPreflight: false,
    strictValues: false,
    keep: [],
    allowReachChange: false,
    onConflict: "take",
  });
  assert.deepStrictEqual(DEFAULT_RELEASE, rest.release);
  assert.strictEqual(DEFAULT_DATAPLANE_NAMESPACE, rest.dataplaneNamespace);
  assert.deepStrictEqual(REDIS_TYPES, ["cluster", "hosted"]);
});

describe("generated values", () => {
  it("of the defaults say everything that a flag decides", () => {
    assert.deepStrictEqual(generatedValues(DEFAULT_UPGRADE_OPTIONS), {
      global: { dataplaneNamespace: "tars-dataplane" },
      ha: { enabled: true },
      shutdown: { drainTimeout: "300s" },
      redis: { type: "cluster" },
      rateLimiting: { enabled: true },
    });
  });

  it("follow the flags", () => {
    assert.deepStrictEqual(
      generatedValues({
        ...DEFAULT_UPGRADE_OPTIONS,
        dataplaneNamespace: "edge",
        imageTag: "007",
        ha: false,
        drainTimeout: Duration.millis(1_500),
        redisType: "hosted",
        rateLimiting: false,
      }),
      {
        global: { dataplaneNamespace: "edge", imageTag: "007" },
        ha: { enabled: false },
        shutdown: { drainTimeout: "2s" },
        redis: { type: "hosted" },
        rateLimiting: { enabled: false },
      },
    );
  });

  it("leave the carried fields to be carried", () => {
    const values = generatedValues({ ...DEFAULT_UPGRADE_OPTIONS, imageTag: "1" });
    for (const { path } of CARRIED_FIELDS) assert.isUndefined(getPath(values, path));
  });
});
