import { assert, describe, it } from "@effect/vitest";
import {
  proxySecrets,
  withheldSecrets,
} from "../../../../src/domain/rollout/trouble/withheld-secrets.ts";
import { parseMetrics } from "../../../../src/domain/streams/proxy-metrics.ts";

/** What Envoy 1.38.3 showed, LIVE and ready, when nothing answered for its secrets. */
const PAGE = `envoy_sds_init_fetch_timeout{envoy_xds_resource_name="withheld"} 1
envoy_sds_init_fetch_timeout{envoy_xds_resource_name="withheld-ca"} 1
envoy_sds_init_fetch_timeout{envoy_xds_resource_name="late"} 1
envoy_sds_init_fetch_timeout{envoy_xds_resource_name="waited-for"} 0
envoy_sds_update_success{envoy_xds_resource_name="withheld"} 0
envoy_sds_update_success{envoy_xds_resource_name="withheld-ca"} 0
envoy_sds_update_success{envoy_xds_resource_name="late"} 1
envoy_sds_update_success{envoy_xds_resource_name="waited-for"} 0
`;

const secretsOf = (page: string) => proxySecrets(parseMetrics(page));

describe("the secrets that a proxy never got", () => {
  it("are those that it gave up waiting for, and that did not come later", () => {
    assert.deepStrictEqual(withheldSecrets(secretsOf(PAGE)), ["withheld", "withheld-ca"]);
  });

  it("are none that came again after the wait for them was over", () => {
    const [before, now] = [
      { timeouts: 1, arrivals: 1 },
      { timeouts: 2, arrivals: 2 },
    ];
    assert.deepStrictEqual(withheldSecrets(new Map([["it", now]]), new Map([["it", before]])), []);
  });

  it("may be one that it had before, for a listener that was replaced", () => {
    const [before, now] = [
      { timeouts: 0, arrivals: 3 },
      { timeouts: 1, arrivals: 3 },
    ];
    assert.deepStrictEqual(withheldSecrets(new Map([["it", now]]), new Map([["it", before]])), [
      "it",
    ]);
    assert.deepStrictEqual(withheldSecrets(new Map([["it", now]]), new Map([["it", now]])), []);
  });

  it("are none where it says nothing of secrets", () => {
    assert.deepStrictEqual(withheldSecrets(secretsOf("envoy_server_live{} 1")), []);
  });
});
