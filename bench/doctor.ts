/**
 * 500 queued events through one tick of `tare doctor`, on a real API server and a receiver on loopback that checks schema
 * and token of each.
 *
 *   node bench/doctor.ts [events]
 */
import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubectl, startCluster } from "../test/cluster/cluster.ts";
import { startReceiver } from "../test/cluster/doctor/receiver.ts";

const NAMESPACE = "tars-system";
const count = Number(process.argv[2] ?? 500);

const cluster = await startCluster();
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const spki = createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
const receiver = await startReceiver(() => ({ alg: "ES256", spki, kid: "key-1" }));
const identityFile = join(cluster.dir, "identity.json");
const identity = {
  type: "service_account",
  workspaceId: "workspace-1",
  serviceAccountId: "account-1",
  keyId: "key-1",
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
  managementPlaneUrl: receiver.url,
};
writeFileSync(identityFile, JSON.stringify(identity), { mode: 0o600 });

const event = (revision: number) => {
  const id = `00000000-0000-8000-8000-${String(revision).padStart(12, "0")}`;
  const time = new Date(Date.UTC(2026, 0, 1) + revision * 1_000).toISOString();
  const document = {
    schema_version: 1,
    event_id: id,
    operation: "upgrade",
    status: "failed",
    release: "tars",
    namespace: NAMESPACE,
    helm_revision: revision,
    error_summary: "x".repeat(1_024),
    error_code: "UpgradeRolledBack",
    started_at: time,
    finished_at: time,
    cli_version: "1.2.0",
    workspace_id: "workspace-1",
    source: "cli",
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: `tare-event-upgrade-${id}`,
      namespace: NAMESPACE,
      labels: { "tars.io/component": "install-event", "tars.io/release": "tars" },
      annotations: { "tars.io/started-at": time },
    },
    data: { "event.json": JSON.stringify(document) },
  };
};

/** The kernel's high-water mark of a process, in MiB; the last one that could be read. */
const peakOf = (pid: number | undefined): number | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    // A process that has ended has no memory left to tell of.
    const kilobytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
};

const tick = () =>
  new Promise<{ seconds: number; peak: number; code: number | null }>((resolve) => {
    const began = performance.now();
    let peak = 0;
    const tare = join(import.meta.dirname, "../bin/tare.js");
    const child = spawn(process.execPath, [tare, "doctor", identityFile, "--once"], {
      env: { ...cluster.env, HOME: cluster.dir },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const watch = setInterval(() => {
      peak = peakOf(child.pid) ?? peak;
    }, 50);
    child.once("close", (code) => {
      clearInterval(watch);
      resolve({ seconds: (performance.now() - began) / 1_000, peak, code });
    });
  });

const show = (label: string, { seconds, peak, code }: Awaited<ReturnType<typeof tick>>) =>
  console.log(`${label}: ${seconds.toFixed(2)} s, peak ${peak.toFixed(0)} MiB, exit ${code}`);

try {
  await kubectl(cluster, ["create", "namespace", NAMESPACE]);
  show("nothing to do", await tick());
  const items = Array.from({ length: count }, (_, index) => event(index + 1));
  await kubectl(cluster, ["create", "-f", "-"], {
    input: { apiVersion: "v1", kind: "List", items },
  });
  const sent = await tick();
  show(`${count} events`, sent);
  console.log(`received ${receiver.received.length}, objections ${receiver.objections.length}`);
  console.log(`${(count / sent.seconds).toFixed(0)} events a second, start included`);
} finally {
  await receiver.close();
  await cluster.stop();
}
