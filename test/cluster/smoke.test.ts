import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  accountKubeconfig,
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  run,
  startApiServer,
  startCluster,
  startEnvoyGateway,
  stopApiServer,
  stopEnvoyGateway,
} from "./cluster.ts";

/** Unmodified upstream CRDs: data that the repository does not carry. */
const crds = process.env.TARE_TEST_CRDS || join(import.meta.dirname, "../../../shared/crds");
const olderCrds = join(crds, "eg1.7.5-gwapi1.4.1-aigw0.5.0");
const currentCrds = join(crds, "eg1.8.3-gwapi1.5.1-aigw1.1.0");

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe("the control plane", () => {
  it("says which version it is, and knows the administrator", async () => {
    expect(JSON.parse(await kubectl(cluster, ["version", "-o=json"]))).toMatchObject({
      clientVersion: { gitVersion: "v1.36.3" },
      serverVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" },
    });
    const path = "-o=jsonpath={.status.userInfo.username}";
    expect(await kubectl(cluster, ["auth", "whoami", path])).toBe("admin");
  });

  it("refuses what a ServiceAccount was not given", async () => {
    const file = await accountKubeconfig(cluster, { namespace: "default", name: "default" });
    const args = [`--kubeconfig=${file}`, "get", "secrets"];
    const { code, stderr } = await run(cluster, cluster.kubectl, args);
    expect(code).toBe(1);
    expect(stderr).toContain('User "system:serviceaccount:default:default" cannot list');
  });

  it("keeps its data and its address when it is killed and started again", async () => {
    await kubectl(cluster, ["create", "configmap", "kept", "--from-literal=a=b"]);
    await stopApiServer(cluster);
    expect((await run(cluster, cluster.kubectl, ["get", "configmap", "kept"])).code).toBe(1);
    await startApiServer(cluster);
    expect(await kubectl(cluster, ["get", "configmap", "kept", "-o=jsonpath={.data.a}"])).toBe("b");
  });

  it("writes down who did what", () => {
    const events = readFileSync(join(cluster.dir, "audit.log"), "utf8").trimEnd().split("\n");
    expect(events.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        verb: "create",
        user: expect.objectContaining({ username: "admin" }),
        objectRef: expect.objectContaining({ resource: "configmaps", name: "kept" }),
      }),
    );
  });
});

describe("pods", () => {
  const waitingReason = "{.items[*].status.containerStatuses[*].state.waiting.reason}";
  const pods = (name: string, path: string) =>
    kubectl(cluster, ["get", "pods", `--selector=app=${name}`, `-o=jsonpath=${path}`]);
  const deploy = (name: string, tag: string) =>
    kubectl(cluster, ["create", "deployment", name, `--image=registry.example/app:${tag}`]);

  it("become ready in a moment", async () => {
    await deploy("good", "v1");
    await kubectl(cluster, ["rollout", "status", "deployment/good", "--timeout=15s"]);
  });

  it("never become ready when the image's tag says so", async () => {
    await deploy("unready", "v2-never-ready");
    await eventually(async () => {
      expect(await pods("unready", "{.items[*].status.phase}")).toBe("Running");
      expect(await pods("unready", "{.items[*].status.containerStatuses[*].ready}")).toBe("false");
    });
  });

  it("crash again and again", async () => {
    await deploy("crashing", "crash-loop");
    const status = ".items[*].status.containerStatuses[*]";
    await eventually(async () => {
      expect(await pods("crashing", waitingReason)).toBe("CrashLoopBackOff");
      expect(await pods("crashing", `{${status}.lastState.terminated.exitCode}`)).toBe("1");
      expect(Number(await pods("crashing", `{${status}.restartCount}`))).toBeGreaterThan(1);
    });
    expect(await kubectl(cluster, ["logs", "deployment/crashing"])).toContain(
      "exiting with code 1",
    );
  });

  it("cannot pull an image that does not exist", async () => {
    await deploy("imageless", "no-such-image");
    await eventually(async () => {
      expect(await pods("imageless", waitingReason)).toBe("ImagePullBackOff");
      const path = "{.items[*].status.containerStatuses[*].state.waiting.message}";
      expect(await pods("imageless", path)).toContain("app:no-such-image: not found");
    });
  });

  it("do the same when a label of the pod says so", async () => {
    const label = "--labels=app=labelled,test.tars.io/behaviour=image-pull-fail";
    await kubectl(cluster, ["run", "labelled", "--image=registry.example/app:v1", label]);
    await eventually(async () => {
      expect(await pods("labelled", waitingReason)).toBe("ImagePullBackOff");
    });
  });

  it("recover from a registry that was down for a while", async () => {
    const args = ["run", "blip", "--image=registry.example/app:registry-blip", "--labels=app=blip"];
    await kubectl(cluster, [...args, "--annotations=test.tars.io/blip-seconds=3"]);
    await eventually(async () => {
      expect(await pods("blip", waitingReason)).toBe("ImagePullBackOff");
    });
    await eventually(async () => {
      expect(await pods("blip", "{.items[*].status.containerStatuses[*].ready}")).toBe("true");
    });
  });

  it("end well when they belong to a job", async () => {
    await kubectl(cluster, ["create", "job", "once", "--image=registry.example/app:v1"]);
    await kubectl(cluster, ["wait", "--for=condition=Complete", "job/once", "--timeout=15s"]);
  });

  it("are raised to the autoscaler's minimum though nobody measures them", async () => {
    const args = ["autoscale", "deployment", "good", "--min=3", "--max=5", "--cpu=80%"];
    await kubectl(cluster, args);
    await eventually(async () => {
      const path = "-o=jsonpath={.status.readyReplicas}";
      expect(await kubectl(cluster, ["get", "deployment", "good", path])).toBe("3");
    });
  });
});

describe.each(["helm3", "helm4", "helm41"] as const)("%s", (helm) => {
  it("installs, upgrades, rolls back by itself and on demand", async () => {
    const chart = join(cluster.dir, "chart");
    writeChart(chart);
    const say = async (...args: string[]) => {
      const result = await run(cluster, cluster[helm], [...args, "--namespace=default"]);
      return { ...result, text: result.stdout + result.stderr };
    };
    const upgrade = (tag: string, ...flags: string[]) =>
      say("upgrade", "--install", helm, chart, `--set=tag=${tag}`, "--wait", ...flags);

    expect(await upgrade("v1", "--timeout=30s")).toMatchObject({ code: 0 });
    expect(await upgrade("v2", "--timeout=30s")).toMatchObject({ code: 0 });
    const atomic = helm === "helm3" ? "--atomic" : "--rollback-on-failure";
    const failed = await upgrade("v3-crash-loop", atomic, "--timeout=6s");
    expect(failed.code).toBe(1);
    expect(failed.text).toContain("has been rolled back");
    expect(await say("rollback", helm, "1", "--wait", "--timeout=30s")).toMatchObject({ code: 0 });

    const { stdout } = await say("history", helm, "-o=json");
    const history = JSON.parse(stdout) as ReadonlyArray<{ status: string; description: string }>;
    expect(history.map(({ status }) => status)).toEqual([
      "superseded",
      "superseded",
      "failed",
      "superseded",
      "deployed",
    ]);
    expect(history.at(-1)?.description).toBe("Rollback to 1");
  });
});

describe.skipIf(!existsSync(crds))("Envoy Gateway", () => {
  const inDataPlane = (...args: string[]) => kubectl(cluster, [...args, "-n=tars-dataplane"]);
  const template = ".spec.template.spec";

  it("makes a Deployment, an autoscaler and a budget out of a Gateway", async () => {
    await applyCrds(cluster, olderCrds);
    await startEnvoyGateway(cluster, { version: "1.7" });
    await kubectl(cluster, ["apply", "--server-side", "-f", "-"], { input: gatewayManifest });
    await eventually(async () => {
      const path = "-o=jsonpath={.status.readyReplicas}";
      expect(await inDataPlane("get", "deployment", "egress", path)).toBe("2");
    });
    await inDataPlane("get", "horizontalpodautoscaler/egress", "poddisruptionbudget/egress");
  });

  it("goes on with the newer release once the newer CRDs are there", async () => {
    await stopEnvoyGateway(cluster);
    await applyCrds(cluster, currentCrds, { fieldManager: "tare" });
    await startEnvoyGateway(cluster);
    await eventually(async () => {
      const path = `-o=jsonpath={${template}.containers[?(@.name=="shutdown-manager")].image}`;
      expect(await inDataPlane("get", "deployment", "egress", path)).toContain("gateway:v1.8.3");
    });
    await inDataPlane("rollout", "status", "deployment/egress", "--timeout=30s");
  });

  it("rolls the proxies when the EnvoyProxy changes", async () => {
    const before = await inDataPlane("get", "pods", "-o=name");
    const spec = { shutdown: { drainTimeout: "120s" } };
    const patch = ["patch", "envoyproxy", "tars-egress", "-n=tars-system", "--type=merge"];
    await kubectl(cluster, [...patch, `--patch=${JSON.stringify({ spec })}`]);
    await eventually(async () => {
      const path = `-o=jsonpath={${template}.terminationGracePeriodSeconds}`;
      expect(await inDataPlane("get", "deployment", "egress", path)).toBe("420");
    });
    await inDataPlane("rollout", "status", "deployment/egress", "--timeout=30s");
    await eventually(async () => {
      const after = await inDataPlane("get", "pods", "-o=name");
      expect(after.trim().split("\n")).toHaveLength(2);
      for (const pod of before.trim().split("\n")) expect(after).not.toContain(pod);
    });
  });

  it("runs what its own Deployment says, when told to follow it", async () => {
    await followEnvoyGateway(cluster);
    const log = () => readFileSync(join(cluster.dir, "logs/envoy-gateway-follower.log"), "utf8");
    const image = "--image=registry.example/gateway:v1.7.0";
    await kubectl(cluster, ["create", "deployment", "envoy-gateway", image, "-n=tars-system"]);
    await eventually(async () => expect(log()).toContain('"version":"1.7"'));
    const set = ["set", "image", "deployment/envoy-gateway", "-n=tars-system"];
    await kubectl(cluster, [...set, "*=registry.example/gateway:v1.8.3"]);
    await eventually(async () => expect(log()).toContain('"version":"1.8"'));
    await stopEnvoyGateway(cluster);
  });
});

it("leaves neither a process nor a folder behind", async () => {
  const other = await startCluster();
  expect(other.kubeconfig).not.toBe(cluster.kubeconfig);
  expect(processesNaming(other.dir)).toContain("kube-apiserver");
  await other.stop();
  expect(processesNaming(other.dir)).toEqual([]);
  expect(existsSync(other.dir)).toBe(false);
  expect(await kubectl(cluster, ["get", "nodes", "-o=name"])).toContain("node/node-a");
});

/** Names of the programs that run with this folder among their arguments. */
function processesNaming(dir: string): ReadonlyArray<string> {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((commandLine) => commandLine.includes(dir))
    .map((commandLine) => commandLine.split("\0")[0]?.split("/").at(-1) ?? "");
}

/** Repeats an expectation until it holds; what it said last is the failure. */
async function eventually(expectation: () => Promise<void>, seconds = 30): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; ; ) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

function writeChart(folder: string): void {
  mkdirSync(join(folder, "templates"), { recursive: true });
  writeFileSync(join(folder, "Chart.yaml"), "apiVersion: v2\nname: tiny\nversion: 1.0.0\n");
  writeFileSync(
    join(folder, "templates/deployment.yaml"),
    `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {containers: [{name: app, image: "registry.example/app:{{ .Values.tag }}"}]}
`,
  );
}

const gatewayManifest = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "tars-dataplane", labels: { "tars.io/ext-proc-injection": "disabled" } },
    },
    {
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "EnvoyProxy",
      metadata: { name: "tars-egress", namespace: "tars-system" },
      spec: {
        shutdown: { drainTimeout: "300s" },
        provider: {
          type: "Kubernetes",
          kubernetes: {
            envoyHpa: { minReplicas: 2, maxReplicas: 5 },
            envoyPDB: { minAvailable: 1 },
            envoyService: { type: "ClusterIP" },
          },
        },
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "tars-egress" },
      spec: {
        controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
        parametersRef: {
          group: "gateway.envoyproxy.io",
          kind: "EnvoyProxy",
          name: "tars-egress",
          namespace: "tars-system",
        },
      },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "egress", namespace: "tars-dataplane" },
      spec: {
        gatewayClassName: "tars-egress",
        listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
      },
    },
  ],
};
