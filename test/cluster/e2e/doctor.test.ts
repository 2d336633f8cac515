/** The doctor on a real cluster, with real histories of Helm, against a receiver that checks schema and token. */
import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { accountKubeconfig, type Cluster, kubectl, run, startCluster } from "../cluster.ts";
import {
  accept,
  answer,
  type Key,
  type Receiver,
  reset,
  startReceiver,
} from "../doctor/receiver.ts";
import type { Unstructured } from "../unstructured.ts";
import { type Operator, operator, tare } from "./tare.ts";

const root = join(import.meta.dirname, "../../..");
const NAMESPACE = "tars-system";
const LABEL = "tars.io/component=install-event";

let cluster: Cluster;
let who: Operator;
let receiver: Receiver;
let key: Key;

const useKey = (privateKey: KeyObject, alg: string): void => {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
  key = { alg, spki, kid: "key-1" };
  const identity = {
    ...JSON.parse(readFileSync(who.identityFile, "utf8")),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
    managementPlaneUrl: `${receiver.url}/`.replace(/\/$/, ""),
  };
  writeFileSync(who.identityFile, JSON.stringify(identity), { mode: 0o600 });
};

const doctor = (args: ReadonlyArray<string> = [], env: NodeJS.ProcessEnv = {}) =>
  tare(who, ["doctor", who.identityFile, "--once", ...args], env);

/** A chart that says its version, and fails to install when it is told to. */
const chart = (version: string): string => {
  const folder = join(who.home, `tars-${version}`);
  mkdirSync(join(folder, "templates"), { recursive: true });
  writeFileSync(join(folder, "Chart.yaml"), `apiVersion: v2\nname: tars\nversion: ${version}\n`);
  // What fails is an object more: Helm 3 cannot roll back to one that the failed revision had dropped.
  const configMap = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  version: "${version}"\n`;
  writeFileSync(
    join(folder, "templates/broken.yaml"),
    `{{- if .Values.broken }}\n${configMap("Not-A-Name")}{{- end }}\n`,
  );
  writeFileSync(join(folder, "templates/demo.yaml"), configMap("demo"));
  return folder;
};

const helm = async (binary: string, ...args: ReadonlyArray<string>) => {
  const { code, stderr } = await run(cluster, binary, [...args, "--namespace", NAMESPACE]);
  return { code, stderr };
};

const outbox = async (): Promise<ReadonlyArray<Unstructured>> => {
  const text = await kubectl(cluster, [
    "get",
    "configmaps",
    "-n",
    NAMESPACE,
    "-l",
    LABEL,
    "-o",
    "json",
  ]);
  return JSON.parse(text).items;
};

const deliveries = async () =>
  (await outbox()).map(({ metadata }) => metadata.labels["tars.io/delivery"]).sort();

const clean = async () => {
  await kubectl(cluster, ["delete", "configmaps", "-n", NAMESPACE, "-l", LABEL]);
  receiver.forget();
  receiver.treat = accept;
};

/** Events as a run of tare writes them, of revisions that Helm has pruned since. */
const queue = async (revisions: ReadonlyArray<number>) => {
  const items = revisions.map((revision) => {
    const id = `00000000-0000-8000-8000-${String(revision).padStart(12, "0")}`;
    const time = new Date(Date.UTC(2026, 0, 1) + revision * 1_000).toISOString();
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: `tare-event-upgrade-${id}`,
        namespace: NAMESPACE,
        labels: {
          "tars.io/component": "install-event",
          "tars.io/release": "tars",
          "tars.io/delivery": "pending",
          "tars.io/helm-revision": String(revision),
        },
        annotations: { "tars.io/started-at": time },
      },
      data: {
        "event.json": JSON.stringify({
          schema_version: 1,
          event_id: id,
          operation: "upgrade",
          status: "success",
          release: "tars",
          namespace: NAMESPACE,
          helm_revision: revision,
          started_at: time,
          finished_at: time,
          cli_version: "1.2.0",
          workspace_id: "workspace-1",
          source: "cli",
        }),
      },
    };
  });
  await kubectl(cluster, ["create", "-f", "-"], {
    input: { apiVersion: "v1", kind: "List", items },
  });
};

const order = () => receiver.received.map(({ helm_revision: revision }) => revision);

beforeAll(async () => {
  cluster = await startCluster();
  who = operator(cluster, "helm4");
  receiver = await startReceiver(() => key);
  useKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "ES256");
  await kubectl(cluster, ["create", "namespace", NAMESPACE]);
});
afterAll(async () => {
  await receiver?.close();
  await cluster?.stop();
});
beforeEach(async () => {
  // One that failed must not leave its release to the next.
  await helm(cluster.helm4, "uninstall", "tars");
  await clean();
});

describe.each(["helm3", "helm4"] as const)("histories of %s", (major) => {
  it("become rows: install, upgrade, failed atomic upgrade (two), manual rollback, kept and new installations; ten ticks add none", async () => {
    const binary = cluster[major];
    const atomic = major === "helm3" ? "--atomic" : "--rollback-on-failure";
    await helm(binary, "install", "tars", chart("1.1.0"));
    await helm(binary, "upgrade", "tars", chart("1.2.0"));
    const failed = await helm(
      binary,
      "upgrade",
      "tars",
      chart("1.3.0"),
      atomic,
      "--set",
      "broken=true",
    );
    expect(failed.code).toBe(1);
    await helm(binary, "rollback", "tars", "1");
    const rows = [
      "1 install success",
      "2 upgrade success",
      "3 upgrade failed",
      "4 rollback success",
      "5 rollback success",
    ];
    for (let time = 0; time < 10; time++) {
      const { code, stderr } = await doctor();
      expect(stderr).toContain(time === 0 ? "forwarded: 5" : "nothing to do");
      expect(code).toBe(0);
    }
    expect(receiver.rows()).toEqual(rows);
    expect(receiver.received).toHaveLength(5);
    const attempt = receiver.received.find(({ helm_revision: revision }) => revision === 3);
    expect(attempt).toMatchObject({ from_version: "1.2.0", to_version: "1.3.0", source: "doctor" });
    expect(attempt?.error_summary).toContain("Not-A-Name");

    const table = await tare(who, ["history"]);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/3 +upgrade +failed +1\.2\.0 → 1\.3\.0/);
    const told = await tare(who, ["history", "--output", "json"]);
    const [line = "", summary = ""] = told.stdout.trim().split("\n");
    expect(JSON.parse(line).rows.map((row: Unstructured) => [row.revision, row.reported])).toEqual(
      [1, 2, 3, 4, 5].map((revision) => [revision, "forwarded"]),
    );
    expect(JSON.parse(summary)).toMatchObject({ type: "summary", exitCode: 0 });

    await helm(binary, "uninstall", "tars");
    await helm(binary, "install", "tars", chart("1.1.0"));
    receiver.forget();
    expect((await doctor()).code).toBe(0);
    expect(receiver.rows()).toEqual(["1 install success"]);
    await helm(binary, "uninstall", "tars");
    expect(receiver.objections).toEqual([]);
  });
});

describe("a Helm that was killed", () => {
  it("leaves a row that the doctor writes when nobody can finish it any more", async () => {
    await helm(cluster.helm4, "install", "tars", chart("1.1.0"));
    const hook = join(chart("1.4.0"), "templates/wait.yaml");
    writeFileSync(
      hook,
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: wait\n  annotations: {"helm.sh/hook": pre-upgrade}\nspec:\n  nodeSelector: {never: "true"}\n  containers: [{name: wait, image: wait}]\n',
    );
    const args = ["upgrade", "tars", chart("1.4.0"), "--namespace", NAMESPACE];
    const child = spawn(cluster.helm4, args, { env: cluster.env, stdio: "ignore" });
    await kubectl(cluster, ["wait", "--for=create", "--timeout=60s", "pod/wait", "-n", NAMESPACE]);
    child.kill("SIGKILL");
    const patient = await doctor();
    expect(patient.code).toBe(0);
    expect(receiver.rows()).toEqual(["1 install success"]);
    expect((await tare(who, ["history"])).stdout).toMatch(/2 +upgrade +pending/);
    expect((await doctor(["--stale-after", "1s"])).code).toBe(0);
    expect(receiver.rows()).toEqual(["1 install success", "2 upgrade failed"]);
    await helm(cluster.helm4, "rollback", "tars", "1");
    expect((await doctor()).code).toBe(0);
    expect(receiver.rows().at(-1)).toBe("3 rollback success");
    await helm(cluster.helm4, "uninstall", "tars");
    await kubectl(cluster, ["delete", "pod", "wait", "-n", NAMESPACE, "--force"]);
  });
});

describe("the receiver", () => {
  it.each([
    ["answers 500", answer(500)],
    ["answers 429 and asks for an hour", answer(429, { "retry-after": "3600" })],
    ["answers 401", answer(401)],
    ["resets the connection", reset],
    ["is slow", (() => "refused") as typeof accept],
  ])("%s: nothing is lost, and the order is kept", async (_, treatment) => {
    await queue([2, 1, 3]);
    receiver.treat = (event, response, request) =>
      event.helm_revision === 2
        ? treatment(event, response, request)
        : accept(event, response, request);
    const { code, stderr } = await doctor();
    expect(stderr).toContain("2 events wait for the next tick");
    expect(code).toBe(30);
    expect(await deliveries()).toEqual(["forwarded", "pending", "pending"]);
    receiver.treat = accept;
    expect((await doctor()).code).toBe(0);
    expect(order()).toEqual([1, 2, 3]);
    expect(receiver.objections).toEqual([]);
  });

  it("asks for a moment with 429: it gets it", async () => {
    await queue([1]);
    let first = true;
    receiver.treat = (event, response, request) => {
      const treatment = first ? answer(429, { "retry-after": "2" }) : accept;
      first = false;
      return treatment(event, response, request);
    };
    expect((await doctor()).code).toBe(0);
    expect(order()).toEqual([1]);
  });

  it("answers 400 to one: that is marked with the reason, and the rest goes on", async () => {
    await queue([1, 2, 3]);
    receiver.treat = (event, response, request) =>
      (event.helm_revision === 2 ? answer(400) : accept)(event, response, request);
    const { code, stderr } = await doctor();
    expect(stderr).toContain("HTTP 400: the receiver's reason");
    expect(code).toBe(0);
    expect(order()).toEqual([1, 3]);
    expect(await deliveries()).toEqual(["forwarded", "forwarded", "rejected"]);
  });

  it("is down: everything is kept", async () => {
    await queue([1]);
    const down = { ...JSON.parse(readFileSync(who.identityFile, "utf8")) };
    const file = join(who.home, "down.json");
    writeFileSync(file, JSON.stringify({ ...down, managementPlaneUrl: "http://127.0.0.1:1" }), {
      mode: 0o600,
    });
    const { code, stderr } = await tare(who, ["doctor", file, "--once"]);
    expect(stderr).toContain("ECONNREFUSED");
    expect(code).toBe(30);
    expect(await deliveries()).toEqual(["pending"]);
  });

  it("takes tokens by an RSA key", async () => {
    const ec = readFileSync(who.identityFile, "utf8");
    const known = key;
    useKey(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "RS256");
    await queue([1]);
    expect((await doctor()).code).toBe(0);
    expect(receiver.tokens[0]?.protectedHeader).toMatchObject({ alg: "RS256", kid: "key-1" });
    writeFileSync(who.identityFile, ec, { mode: 0o600 });
    key = known;
  });

  it("gets 500 events in one tick", async () => {
    const revisions = Array.from({ length: 500 }, (_, index) => index + 1);
    await queue(revisions);
    const { code } = await doctor();
    expect(code).toBe(0);
    expect(order()).toEqual(revisions);
    expect(receiver.objections).toEqual([]);
  });
});

describe("the chart's ServiceAccount", () => {
  const template = async (): Promise<ReadonlyArray<Unstructured>> => {
    const args = ["template", "tars", join(root, "chart"), "--namespace", NAMESPACE];
    const { stdout, stderr, code } = await run(cluster, cluster.helm4, [
      ...args,
      "--show-only",
      "templates/doctor/doctor.yaml",
    ]);
    if (code !== 0) throw new Error(stderr);
    return parseAllDocuments(stdout).map((document) => parse(String(document)));
  };
  const asAccount = async (flags: ReadonlyArray<string>) => {
    const account = { namespace: NAMESPACE, name: "tare-doctor" };
    const kubeconfig = await accountKubeconfig(cluster, account);
    return tare(who, ["doctor", who.identityFile, ...flags, "--kubeconfig", kubeconfig]);
  };
  const RIGHTS = ["ServiceAccount", "Role", "RoleBinding"];

  it("may do all that the doctor does, by the arguments of the CronJob, and not less", async () => {
    const objects = await template();
    for (const object of objects.filter(({ kind }) => RIGHTS.includes(kind))) {
      await kubectl(cluster, ["apply", "-f", "-"], { input: object });
    }
    const cronJob = objects.find(({ kind }) => kind === "CronJob");
    const { args } = cronJob.spec.jobTemplate.spec.template.spec.containers[0];
    expect(args.slice(0, 2)).toEqual(["doctor", "/var/run/tars/identity/identity.json"]);
    const flags = args.slice(2);
    await helm(cluster.helm4, "install", "tars", chart("1.1.0"));
    const old = await asAccount(flags);
    expect([old.code, old.stderr]).toEqual([0, expect.stringContaining("forwarded: 1")]);

    const role = objects.find(({ kind }) => kind === "Role");
    /** One right less; each must be missed. */
    const lessened = role.rules.flatMap((rule: Unstructured, index: number) =>
      rule.verbs.map((verb: string) => ({
        label: `${verb} ${rule.resources[0]} ${rule.resourceNames ?? ""}`.trim(),
        rules: role.rules.map((other: Unstructured, at: number) =>
          at === index
            ? { ...other, verbs: other.verbs.filter((one: string) => one !== verb) }
            : other,
        ),
      })),
    );
    const notMissed: Array<string> = [];
    for (const { label, rules } of lessened) {
      const kept = rules.filter(({ verbs }: Unstructured) => verbs.length > 0);
      await kubectl(cluster, ["apply", "-f", "-"], { input: { ...role, rules: kept } });
      await clean();
      await kubectl(cluster, [
        "delete",
        "lease",
        "tare-doctor-tars",
        "-n",
        NAMESPACE,
        "--ignore-not-found",
      ]);
      await queue([7]);
      // An event that is old enough to be removed.
      await kubectl(cluster, [
        "label",
        "configmap",
        "-n",
        NAMESPACE,
        "tare-event-upgrade-00000000-0000-8000-8000-000000000007",
        "tars.io/delivery=forwarded",
        "--overwrite",
      ]);
      const { code } = await asAccount(flags);
      if (code === 0) notMissed.push(label);
    }
    // Giving the lock back is not worth failing for; without it the next tick waits for the lease to run out.
    expect(notMissed).toEqual(["update leases tare-doctor-tars"]);
    await kubectl(cluster, ["apply", "-f", "-"], { input: role });
    await helm(cluster.helm4, "uninstall", "tars");
  });
});
