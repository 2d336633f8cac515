import { assert, describe, it } from "@effect/vitest";
import { withheldSecrets } from "../../../src/domain/rollout/withheld-secrets.ts";
import { parseMetrics } from "../../../src/domain/streams/proxy-metrics.ts";

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

describe("the secrets that a proxy never got", () => {
  it("are those that it gave up waiting for, and that did not come later", () => {
    assert.deepStrictEqual(withheldSecrets(parseMetrics(PAGE)), ["withheld", "withheld-ca"]);
  });

  it("are none where it says nothing of secrets", () => {
    assert.deepStrictEqual(withheldSecrets(parseMetrics("envoy_server_live{} 1")), []);
  });
});
