import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Cluster,
  kubectl,
  run,
  startApiServer,
  startCluster,
  stopApiServer,
} from "../cluster/cluster.ts";
import { streamsImage } from "../cluster/node/images.ts";
import { machineFolder } from "../cluster/node/machine.ts";
import { eventually } from "./eventually.ts";
import { describeOnNodes } from "./suite.ts";

const pod = (name: string, node: string, image = streamsImage) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: "main",
        image,
        args: ["backend"],
        readinessProbe: { httpGet: { path: "/healthz", port: 8000 }, periodSeconds: 1 },
      },
    ],
  },
});

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8000 }] },
});

describeOnNodes("a cluster with two real nodes", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 2 });
    const items = [pod("first", "real-a"), pod("second", "real-b"), service("first")];
    await apply({ apiVersion: "v1", kind: "List", items });
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/first", "pod/second"]);
  });
  afterAll(() => cluster.stop());

  const apply = (input: object) => kubectl(cluster, ["apply", "-f", "-"], { input });

  it("has them beside the fake ones", async () => {
    const kinds = "-o=jsonpath={.items[*].status.nodeInfo.containerRuntimeVersion}";
    const runtimes = (await kubectl(cluster, ["get", "nodes", kinds])).split(" ");
    expect(runtimes.sort()).toEqual([
      "containerd://2.4.2",
      "containerd://2.4.2",
      "kwok",
      "kwok",
      "kwok",
    ]);
    expect(cluster.node?.names).toEqual(["real-a", "real-b"]);
  });

  it("shows what a container said, and runs programs in it", async () => {
    expect(await kubectl(cluster, ["logs", "first"])).toContain("serves on :8000");
    const { stderr } = await run(cluster, cluster.kubectl, [
      ...["exec", "first", "--", "/streams", "backend", "-h"],
    ]);
    expect(stderr).toContain("Usage of backend");
  });

  it("lets the API server reach a pod", async () => {
    const path = "/api/v1/namespaces/default/pods/second:8000/proxy/healthz";
    expect(await kubectl(cluster, ["get", "--raw", path])).toBe("ok\n");
  });

  it("forwards a port to a pod", async () => {
    const port = await freePort();
    const child = spawn(cluster.kubectl, ["port-forward", "pod/second", `${port}:8000`], {
      env: cluster.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const answer = await fetch(`http://127.0.0.1:${port}/v1/x?seconds=0.2`);
      expect(await answer.text()).toMatch(/token 0[\s\S]*token 1[\s\S]*\[DONE\]/);
    } finally {
      child.kill();
    }
  });

  it("finds a Service by its name, from a pod on the other node", async () => {
    const url = "http://first.default.svc.cluster.local/v1/x";
    for (const host of [url, "http://first/v1/x"]) {
      const flags = ["-clients=1", "-for=100ms", "-length=200ms", `-url=${host}`];
      const said = await kubectl(cluster, ["exec", "second", "--", "/streams", "client", ...flags]);
      expect(said).toMatch(/"complete":[1-9]\d*,"dropped":0/);
    }
  });

  /** What a Service answers to a program on the node. */
  const healthOf = async (address: string): Promise<string> => {
    const child = cluster.node?.spawn("curl", ["-s", `http://${address}/healthz`]);
    let said = "";
    child?.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await new Promise((resolve) => child?.once("close", resolve));
    return said;
  };

  it("reaches Services from where the node is, with or without the API server", async () => {
    const args = ["get", "service/first", "-o=jsonpath={.spec.clusterIP}"];
    const address = await kubectl(cluster, args);
    expect(await healthOf(address)).toBe("ok\n");
    await stopApiServer(cluster);
    expect(await healthOf(address)).toBe("ok\n");
    await startApiServer(cluster);
    await eventually(async () => {
      expect(await kubectl(cluster, ["logs", "second"])).toContain("serves on :8000");
    });
  });

  it("cannot pull an image that does not exist", async () => {
    await apply(pod("imageless", "real-a", "registry.example/tars/app:v1"));
    await eventually(async () => {
      const path = "-o=jsonpath={.status.containerStatuses[0].state.waiting}";
      const waiting = JSON.parse(await kubectl(cluster, ["get", "pod/imageless", path]));
      expect(waiting.reason).toMatch(/ErrImagePull|ImagePullBackOff/);
      expect(waiting.message).toContain("registry.example/tars/app:v1: not found");
    });
  });

  it("runs preStop hooks and waits for them", async () => {
    const leaving = pod("leaving", "real-b");
    const [main] = leaving.spec.containers;
    const lifecycle = { preStop: { sleep: { seconds: 2 } } };
    await apply({ ...leaving, spec: { ...leaving.spec, containers: [{ ...main, lifecycle }] } });
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/leaving"]);
    const started = Date.now();
    await kubectl(cluster, ["delete", "pod/leaving"]);
    expect(Date.now() - started).toBeGreaterThan(2000);
  });

  it("still fakes pods that tolerate it, and their logs", async () => {
    const tolerations = [{ key: "test.tars.io/fake", operator: "Exists" }];
    const faked = pod("faked", "node-a");
    await apply({ ...faked, spec: { ...faked.spec, tolerations } });
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/faked"]);
    expect(await kubectl(cluster, ["logs", "faked"])).toContain("exiting with code 1");
  });
});

describeOnNodes("the end of a cluster with a real node", () => {
  const cgroups = (dir: string) =>
    readFileSync(join(machineFolder(dir), "cgroups"), "utf8")
      .trim()
      .split("\n");

  const expectNothingOf = (dir: string, groups: ReadonlyArray<string>) => {
    expect(groups.length).toBeGreaterThan(1);
    expect(groups.filter((group) => existsSync(group))).toEqual([]);
    expect(existsSync(dir)).toBe(false);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(dir);
    expect(processesIn(dir)).toEqual([]);
  };

  it("leaves nothing behind, with pods still running", async () => {
    const cluster = await startCluster({ realNodes: 1 });
    const { dir } = cluster;
    const groups = cgroups(dir);
    await kubectl(cluster, ["apply", "-f", "-"], { input: pod("left", "real-a") });
    await kubectl(cluster, ["wait", "--for=condition=Ready", "pod/left"]);
    expect(processesIn(dir).length).toBeGreaterThan(10);
    await cluster.stop();
    expectNothingOf(dir, groups);
  });

  it("comes with that of its owner, however that ends", async () => {
    const module = join(import.meta.dirname, "../cluster/cluster.ts");
    const script = `const { startCluster } = await import(${JSON.stringify(module)});
      console.log((await startCluster({ realNodes: 1 })).dir);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const dir = await new Promise<string>((resolve, reject) => {
      owner.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
      owner.once("close", (code) => reject(new Error(`the owner ended with ${code}`)));
    });
    const groups = cgroups(dir);
    owner.kill("SIGKILL");
    await eventually(async () => expectNothingOf(dir, groups));
  });
});

/** Ids of processes that name a folder in their arguments or work in it, wherever they are. */
function processesIn(dir: string): ReadonlyArray<string> {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const place = `${readFileSync(`/proc/${pid}/cmdline`, "utf8")}\0${readlinkSync(`/proc/${pid}/cwd`)}`;
        return place.includes(dir);
      } catch {
        // It has just ended.
        return false;
      }
    });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
