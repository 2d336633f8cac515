import { describe, expect, it } from "vitest";
import { named, rendered } from "./render.ts";

describe("the cluster's domain", () => {
  const otel = { otelCollector: { enabled: true } };

  it("is cluster.local unless it is given", async () => {
    const text = JSON.stringify(await rendered(otel));
    expect(text).toContain("tars-otel-collector.tars-system.svc.cluster.local");
  });

  it("given, stands in every address", async () => {
    const objects = await rendered({ ...otel, global: { clusterDomain: "corp.example" } });
    const addresses = JSON.stringify(objects).match(/\.svc\.cluster\.local[^.]/g) ?? [];
    // The webhook's own name is an identifier, not an address.
    expect(addresses).toHaveLength(1);
    const backend = named(objects, "Backend", "tars-otel-collector");
    expect(backend.spec.endpoints).toEqual([
      { fqdn: { hostname: "tars-otel-collector.tars-system.svc.corp.example", port: 4317 } },
    ]);
    for (const name of ["envoy-gateway", "envoy-gateway-certgen"]) {
      const kind = name === "envoy-gateway" ? "Deployment" : "Job";
      const [container] = named(objects, kind, name).spec.template.spec.containers;
      expect(container.env).toContainEqual({
        name: "KUBERNETES_CLUSTER_DOMAIN",
        value: "corp.example",
      });
    }
  });
});
