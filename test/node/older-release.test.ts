import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, kubectl, startCluster } from "../cluster/cluster.ts";
import { installOlder } from "../cluster/node/older-release.ts";
import { describeOnNodes } from "./suite.ts";

describeOnNodes("the older release on real nodes", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 2 });
    await installOlder(cluster);
  });
  afterAll(() => cluster.stop());

  const dataPlane = (...args: ReadonlyArray<string>) =>
    kubectl(cluster, ["--namespace=tars-dataplane", ...args]);

  it("streams through two real proxies", async () => {
    const proxies = ["get", "pods", "-l=app.kubernetes.io/managed-by=envoy-gateway"];
    const nodes = await dataPlane(...proxies, "-o=jsonpath={.items[*].spec.nodeName}");
    expect(nodes).toMatch(/^real-[ab] real-[ab]$/);
    const url = "http://egress.tars-dataplane/v1/chat/completions";
    const flags = [`-url=${url}`, "-clients=8", "-for=1s", "-length=1s"];
    const pod = "deployment/streams-backend";
    expect(await dataPlane("exec", pod, "--", "/streams", "client", ...flags)).toMatch(
      /"complete":([89]|\d\d),"dropped":0/,
    );
  });

  it("has had its webhook called for each of them", async () => {
    const logs = ["--namespace=tars-system", "logs", "deployment/ai-gateway-controller"];
    const said = await kubectl(cluster, logs);
    expect(said.match(/admits/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it("shows the proxies' own statistics through the API server", async () => {
    const selector = "-l=app.kubernetes.io/managed-by=envoy-gateway";
    const name = await dataPlane("get", "pods", selector, "-o=jsonpath={.items[0].metadata.name}");
    const path = `/api/v1/namespaces/tars-dataplane/pods/${name}:19001/proxy/stats/prometheus`;
    const stats = await kubectl(cluster, ["get", "--raw", path]);
    expect(stats).toMatch(/envoy_http_downstream_rq_total\{[^}]*\} \d+/);
  });
});
