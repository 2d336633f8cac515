/** What the doctor's account may write, on a real API server: its events and its lock, by name and label. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountKubeconfig, type Cluster, kubectl, run, startCluster } from "../cluster.ts";
import { rendered } from "./render.ts";

const NAMESPACE = "tars-system";
const EVENT = "tare-event-upgrade-00000000-0000-8000-8000-000000000001";
const LABEL = { "tars.io/component": "install-event" };

let cluster: Cluster;
let account: string;

beforeAll(async () => {
  cluster = await startCluster();
  await kubectl(cluster, ["create", "namespace", NAMESPACE]);
  const objects = (await rendered()).filter(
    ({ kind, metadata }) =>
      /tare-doctor$/.test(metadata.name) && kind !== "CronJob" && kind !== "ConfigMap",
  );
  expect(objects.map(({ kind }) => kind).sort()).toEqual([
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
  ]);
  for (const object of objects) await kubectl(cluster, ["apply", "-f", "-"], { input: object });
  account = await accountKubeconfig(cluster, { namespace: NAMESPACE, name: "tare-doctor" });
  for (const name of ["envoy-gateway-config", "tars-config"]) {
    await kubectl(cluster, ["create", "configmap", name, "-n", NAMESPACE]);
  }
}, 300_000);

afterAll(() => cluster?.stop());

const asDoctor = async (args: ReadonlyArray<string>): Promise<string> => {
  const all = [...args, "-n", NAMESPACE, "--kubeconfig", account];
  const { code, stderr } = await run(cluster, cluster.kubectl, all);
  return code === 0 ? "done" : stderr;
};

const create = async (kind: string, name: string, labels = {}): Promise<string> => {
  const apiVersion = kind === "Lease" ? "coordination.k8s.io/v1" : "v1";
  const object = { apiVersion, kind, metadata: { name, namespace: NAMESPACE, labels } };
  try {
    await kubectl(cluster, ["create", "-f", "-", "--kubeconfig", account], { input: object });
    return "done";
  } catch (cause) {
    return String(cause);
  }
};

const REFUSED = /tare-doctor writes its events/;

describe("the doctor's account", () => {
  it("writes and removes its events, and takes its lock", async () => {
    // A policy is in force a moment after it was written.
    await expect.poll(() => create("ConfigMap", "other"), { timeout: 60_000 }).toMatch(REFUSED);
    expect(await create("ConfigMap", EVENT, LABEL)).toBe("done");
    expect(await create("Lease", "tare-doctor-tars")).toBe("done");
    expect(await asDoctor(["delete", "configmap", EVENT])).toBe("done");
  });

  it("writes nothing else", async () => {
    expect(await create("ConfigMap", EVENT)).toMatch(REFUSED);
    expect(await create("ConfigMap", "envoy-gateway-config-2", LABEL)).toMatch(REFUSED);
    expect(await create("Lease", "tare-tars")).toMatch(REFUSED);
    expect(await asDoctor(["delete", "configmap", "envoy-gateway-config"])).toMatch(REFUSED);
    expect(await asDoctor(["delete", "configmap", "tars-config"])).toMatch(REFUSED);
  });
});
