/**
 * 500 queued events through one tick of `tare doctor`, on a real API server and a receiver on loopback that checks schema
 * and token of each; then a tick in a namespace that somebody filled: with records of a megabyte that nobody reported, and with
 * large ConfigMaps beside.
 *
 *   node bench/doctor.ts [events] [records]
 */
import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { kubectl, startCluster } from "../test/cluster/cluster.ts";
import { startReceiver } from "../test/cluster/doctor/receiver.ts";

const NAMESPACE = "tars-system";
const count = Number(process.argv[2] ?? 500);
const records = Number(process.argv[3] ?? 100);

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

/** As Helm would write it, of a chart that cannot be zipped any smaller. */
const release = (revision: number, manifest: string, config: object = {}) => {
  const status = revision === records ? "deployed" : "superseded";
  const info = {
    status,
    description: "Upgrade complete",
    last_deployed: new Date(Date.UTC(2025, 0, 1) + revision * 1_000).toISOString(),
  };
  const chart = { metadata: { name: "tars", version: `1.0.${revision}` } };
  const name = { name: "tars", namespace: NAMESPACE, version: revision };
  const zipped = gzipSync(JSON.stringify({ ...name, info, chart, config, manifest }));
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "helm.sh/release.v1",
    metadata: {
      name: `sh.helm.release.v1.tars.v${revision}`,
      namespace: NAMESPACE,
      labels: { owner: "helm", name: "tars", status, version: String(revision) },
    },
    data: { release: Buffer.from(zipped.toString("base64")).toString("base64") },
  };
};

const secrets = () =>
  Object.fromEntries(Array.from({ length: 150_000 }, (_, at) => [`password${at}`, `word-${at}`]));

/** In turn: noise, what unpacks to 20 MiB, and more secrets than anybody has. */
const filled = (revision: number) => {
  if (revision % 10 === 1) return release(revision, "kïnd: €\n".repeat(2_000_000));
  if (revision % 10 === 2) return release(revision, "", secrets());
  return release(revision, randomBytes(500_000).toString("base64"));
};

const unrelated = (number: number) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `beside-${number}`, namespace: NAMESPACE },
  data: { text: "x".repeat(900_000) },
});

const AT_ONCE = 10;

const fill = async () => {
  for (let from = 1; from <= records; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, index) => from + index);
    const items = numbers.flatMap((one) => [filled(one), unrelated(one)]);
    await kubectl(cluster, ["create", "-f", "-"], {
      input: { apiVersion: "v1", kind: "List", items },
    });
  }
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
  await fill();
  show(`${records} records of a megabyte, as many ConfigMaps`, await tick());
} finally {
  await receiver.close();
  await cluster.stop();
}
