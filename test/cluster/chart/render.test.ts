import { describe, expect, it } from "vitest";
import { named, rendered } from "./render.ts";

describe("cluster-scoped names", () => {
  const namesOf = async (namespace: string, release: string) =>
    (await rendered({}, { namespace, release }))
      .filter(({ kind }) => kind === "ClusterRole" || kind === "ClusterRoleBinding")
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);

  it.each([
    ["the longest", 63, 53],
    ["the first that are cut before the part's name", 40, 21],
    ["the last that are not", 40, 20],
    ["short ones", 11, 4],
  ])("differ for %s namespace and release", async (_, namespace, release) => {
    const names = await namesOf("n".repeat(namespace), "r".repeat(release));
    expect(names).toHaveLength(4);
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(253);
  });

  it("are those of chart 1.1.0 where these did not collide", async () => {
    const [namespace, release] = ["n".repeat(40), "r".repeat(20)];
    const names = await namesOf(namespace, release);
    expect(names).toContain(`ClusterRole ${`${namespace}-${release}-envoy-gateway`.slice(0, 63)}`);
  });
});

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

describe("Envoy Gateway's controllers", () => {
  it("alone may write the data plane; those of earlier releases still serve it", async () => {
    const objects = await rendered();
    const deployment = named(objects, "Deployment", "envoy-gateway");
    const account = deployment.spec.template.spec.serviceAccountName;
    expect(account).toBe("envoy-gateway-v1.8");
    const subjects = (kind: string, name: string): ReadonlyArray<string> =>
      named(objects, kind, name).subjects.map(({ name }: { name: string }) => name);
    // The names that release 1.1 gave to these bindings: Helm changes them instead of adding others.
    const cluster = "tars-system-tars-envoy-gateway";
    expect(subjects("ClusterRoleBinding", cluster)).toEqual([account, "envoy-gateway"]);
    expect(subjects("RoleBinding", "envoy-gateway-leader-election")).toEqual([
      account,
      "envoy-gateway",
    ]);
    const infra = objects.filter(({ kind, metadata }) => {
      return kind === "RoleBinding" && metadata.name === "envoy-gateway-infra";
    });
    expect(infra.map(({ metadata }) => metadata.namespace)).toEqual([
      "tars-dataplane",
      "tars-system",
    ]);
    for (const { subjects } of infra) expect(subjects).toMatchObject([{ name: account }]);
    const verbs = named(objects, "ClusterRole", cluster).rules.flatMap(
      ({ apiGroups, verbs }: { apiGroups: string[]; verbs: string[] }) =>
        /^(|apps|autoscaling|policy)$/.test(apiGroups[0] ?? "") ? verbs : [],
    );
    expect(new Set(verbs)).toEqual(new Set(["get", "list", "watch"]));
  });
});
