import { assert, describe, it } from "@effect/vitest";
import {
  envoyGatewayHop,
  envoyGatewayVersion,
} from "../../../src/domain/checks/envoy-gateway-hops.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";

const controller = (image: string): ReadonlyArray<KubeObject> => [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "tars-config" } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "envoy-gateway" },
    spec: { template: { spec: { containers: [{ name: "envoy-gateway", image }] } } },
  },
];

const at = (version: string) => controller(`gcr.io/acme/tars/gateway:v${version}`);

describe("the version of Envoy Gateway", () => {
  it.each([
    ["docker.io/envoyproxy/gateway:v1.8.3", "1.8.3"],
    ["localhost:5000/gateway:1.9.0", "1.9.0"],
    [`gcr.io/acme/gateway:v1.9.0@sha256:${"0".repeat(64)}`, "1.9.0"],
    [`gcr.io/acme/gateway@sha256:${"0".repeat(64)}`, undefined],
    ["gcr.io/acme/gateway:latest", undefined],
    ["gcr.io/acme/gateway:v1.9.0-rc.1", "1.9.0-rc.1"],
  ])("of %s is %s", (image, version) => {
    assert.strictEqual(envoyGatewayVersion(controller(image)), version);
  });
});

describe("an upgrade of Envoy Gateway", () => {
  it.each(["1.7.5", "1.8.3", "1.9.1"])("from %s must not stop at 1.9.0", (from) => {
    const { skip } = envoyGatewayHop(at(from), at("1.9.0"));
    assert.deepInclude(skip, { version: "1.9.0", fixedIn: "1.9.1" });
  });

  it("from 1.9.0 is told of, and possible", () => {
    const { skip, warning } = envoyGatewayHop(at("1.9.0"), at("1.9.1"));
    assert.isUndefined(skip);
    assert.deepStrictEqual(warning, {
      code: "envoy-gateway-loses-secrets",
      version: "1.9.0",
      reference: "envoyproxy/gateway#9918",
    });
  });

  it.each([
    ["1.8.3", "1.9.1"],
    ["1.7.0", "1.8.3"],
    ["1.9.0", "1.9.0"],
  ])("from %s to %s is like any other", (from, to) => {
    assert.deepStrictEqual(envoyGatewayHop(at(from), at(to)), {});
  });

  it("whose controller is not known is like any other", () => {
    assert.deepStrictEqual(envoyGatewayHop([], at("1.8.3")), {});
    assert.deepStrictEqual(envoyGatewayHop(at("1.8.3"), []), {});
  });
});
