import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  type RunResult,
  run,
  startCluster,
} from "../cluster.ts";
import type { Unstructured } from "../unstructured.ts";

/** What the tests of the whole program share: an installed older release, and tare run as an operator runs it. */

const root = join(import.meta.dirname, "../../..");
const crds = process.env.TARE_TEST_CRDS || join(root, "../shared/crds");
export const olderCrds = join(crds, "eg1.7.5-gwapi1.4.1-aigw0.5.0");
export const currentCrds = join(crds, "eg1.8.3-gwapi1.5.1-aigw1.1.0");
export const olderChart = join(root, "test/charts/older");
export const embeddedChart = join(root, "chart");

export const SECRET_HEADER = "Bearer the-otel-header-nobody-may-see";

/** Every carried path, one value that is not carried, and HA as an operator turned it on. */
export const olderValues = {
  global: {
    imageRegistry: "gcr.io/acme/tars",
    customer: "acme",
    environment: "prod",
    deploymentMode: "enterprise",
    serveUrl: "https://llm.acme.example",
    imagePullSecretName: "acme-pull",
  },
  ha: { enabled: true },
  otelCollector: {
    enabled: true,
    exporters: {
      otlp: {
        endpoint: "https://otel.acme.example:4318",
        headers: { Authorization: SECRET_HEADER },
      },
    },
  },
};

export type HelmMajor = "helm3" | "helm4";

export interface Operator {
  readonly cluster: Cluster;
  readonly helm: string;
  /** Stands in for the operator's home: `~/.tare` is made in it. */
  readonly home: string;
  readonly identityFile: string;
  readonly privateKey: string;
  /** How tare is started: from this checkout, or something built from it. */
  readonly program: readonly [string, ...ReadonlyArray<string>];
}

export const operator = (cluster: Cluster, helm: HelmMajor): Operator => {
  const home = mkdtempSync(join(cluster.dir, "operator-"));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const identityFile = join(home, "identity.json");
  const identity = {
    type: "service_account",
    workspaceId: "workspace-1",
    serviceAccountId: "account-1",
    keyId: "key-1",
    privateKey: pem,
    managementPlaneUrl: "https://tars.example.com",
  };
  writeFileSync(identityFile, JSON.stringify(identity), { mode: 0o600 });
  const program = [process.execPath, join(root, "bin/tare.js")] as const;
  return { cluster, helm: cluster[helm], home, identityFile, privateKey: pem, program };
};

const SETTLE = ["--settle-time", "3s"];

export const tare = (
  { cluster, helm, home, program: [command, ...before] }: Operator,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = {},
): Promise<RunResult> => {
  const environment = {
    ...cluster.env,
    HOME: home,
    TMPDIR: home,
    TARE_HELM: helm,
    TARE_KUBECTL: cluster.kubectl,
    ...env,
  };
  return run({ env: environment }, command, [...before, ...args]);
};

export const upgrade = (
  who: Operator,
  args: ReadonlyArray<string> = [],
  env: NodeJS.ProcessEnv = {},
): Promise<RunResult> => tare(who, ["upgrade", who.identityFile, ...SETTLE, ...args], env);

export interface StartedUpgrade {
  readonly exit: Promise<{ readonly code: number | null; readonly stderr: string }>;
  /** Ends when that has been said on stderr; fails when the run ends without saying it. */
  readonly seen: (pattern: RegExp) => Promise<void>;
}

/** An upgrade that goes on beside the test. */
export const startUpgrade = (
  { cluster, helm, home, identityFile, program: [command, ...before] }: Operator,
  args: ReadonlyArray<string> = [],
): StartedUpgrade => {
  const env = {
    ...cluster.env,
    HOME: home,
    TMPDIR: home,
    TARE_HELM: helm,
    TARE_KUBECTL: cluster.kubectl,
  };
  const child = spawn(command, [...before, "upgrade", identityFile, ...SETTLE, ...args], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exit = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, stderr }));
  });
  return {
    exit,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(stderr)) resolve();
        };
        child.stderr.on("data", look);
        child.once("close", () => {
          look();
          reject(new Error(`never said ${pattern}:\n${stderr}`));
        });
        look();
      }),
  };
};

/** The data-plane namespace belongs to the release, and its pods are spared the AI Gateway's webhook, which no fake pod serves. */
export const dataPlaneNamespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: "tars-dataplane",
    labels: {
      "tars.io/ext-proc-injection": "disabled",
      "app.kubernetes.io/managed-by": "Helm",
    },
    annotations: {
      "meta.helm.sh/release-name": "tars",
      "meta.helm.sh/release-namespace": "tars-system",
    },
  },
};

export const helm = async (who: Operator, args: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout, stderr } = await run(who.cluster, who.helm, args);
  if (code !== 0) throw new Error(`helm ${args.join(" ")}: ${stderr}`);
  return stdout;
};

/** Installs the older release as it was installed then, and waits for its data plane. */
export const installOlder = async (
  who: Operator,
  values: object = olderValues,
  crdFolder = olderCrds,
): Promise<void> => {
  const { cluster } = who;
  await applyCrds(cluster, crdFolder);
  await kubectl(cluster, ["apply", "-f", "-"], { input: dataPlaneNamespace });
  const file = join(who.home, "older-values.json");
  writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  const where = ["--namespace", "tars-system", "--create-namespace"];
  await helm(who, ["install", "tars", olderChart, ...where, "--values", file, "--wait"]);
  await awaitDataPlane(who);
};

/**
 * Where most tests begin: a cluster of their own, with the older release and its data plane up.
 * @param crds the folder of the CRDs that are installed
 */
export const clusterWithRelease = async (
  helm: HelmMajor,
  { crds: crdFolder = olderCrds }: { readonly crds?: string } = {},
): Promise<{ readonly cluster: Cluster; readonly who: Operator }> => {
  const cluster = await startCluster();
  try {
    const who = operator(cluster, helm);
    await followEnvoyGateway(cluster);
    await installOlder(who, undefined, crdFolder);
    return { cluster, who };
  } catch (cause) {
    await cluster.stop();
    throw cause;
  }
};

export const awaitDataPlane = async ({ cluster }: Operator): Promise<void> => {
  const deployment = ["deployment/egress", "--namespace", "tars-dataplane"];
  await kubectl(cluster, ["wait", "--for=create", "--timeout=60s", ...deployment]);
  await kubectl(cluster, ["rollout", "status", "--timeout=60s", ...deployment]);
};

export interface HistoryEntry {
  readonly revision: number;
  readonly status: string;
  readonly chart: string;
  readonly description: string;
}

export const history = async (who: Operator): Promise<ReadonlyArray<HistoryEntry>> =>
  JSON.parse(await helm(who, ["history", "tars", "--namespace", "tars-system", "-o", "json"]));

/** `1 superseded, 2 deployed`: revisions with their status, which is what most tests are about. */
export const states = async (who: Operator): Promise<string> =>
  (await history(who)).map(({ revision, status }) => `${revision} ${status}`).join(", ");

export const storedValues = async (who: Operator): Promise<Record<string, unknown>> =>
  JSON.parse(
    await helm(who, ["get", "values", "tars", "--namespace", "tars-system", "-o", "json"]),
  );

export const objects = async (
  { cluster }: Operator,
  ...args: ReadonlyArray<string>
): Promise<ReadonlyArray<Unstructured>> =>
  JSON.parse(await kubectl(cluster, ["get", ...args, "-o", "json"])).items;

/** The events that wait for the doctor, oldest first. */
export const events = async (who: Operator): Promise<ReadonlyArray<Unstructured>> => {
  const label = "tars.io/component=install-event";
  const found = await objects(who, "configmaps", "--namespace", "tars-system", "-l", label);
  return found
    .map(({ data }) => JSON.parse(data["event.json"]))
    .sort((a, b) => (a.finished_at ?? a.started_at).localeCompare(b.finished_at ?? b.started_at));
};

/** A copy of the embedded chart with other default values, for failures that no flag can bring about. */
export const chartWith = (who: Operator, change: (values: Unstructured) => void): string => {
  const copy = mkdtempSync(join(who.home, "chart-"));
  cpSync(join(root, "chart"), copy, { recursive: true });
  const file = join(copy, "values.yaml");
  const values = parse(readFileSync(file, "utf8"));
  change(values);
  writeFileSync(file, stringify(values));
  return copy;
};

/** The same operator, whose Helm is beaten to it: right before it upgrades, somebody else runs kubectl. */
export const beatenBy = (who: Operator, ...words: ReadonlyArray<string>): Operator => {
  const file = join(mkdtempSync(join(who.home, "beaten-")), "helm");
  const quoted = [who.cluster.kubectl, "--kubeconfig", who.cluster.kubeconfig, ...words].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  const lines = [
    "#!/bin/sh",
    `case "$*" in *--dry-run*) ;; upgrade*) ${quoted.join(" ")} >&2 ;; esac`,
    `exec '${who.helm}' "$@"`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o755 });
  return { ...who, helm: file };
};

export const removeRelease = async (who: Operator): Promise<void> => {
  await helm(who, ["uninstall", "tars", "--namespace", "tars-system", "--wait"]);
};

export const folder = (who: Operator, name: string): string => {
  const path = join(who.home, name);
  mkdirSync(path, { recursive: true });
  return path;
};

/** A CRD that somebody has edited by hand is written again by the next run. */
export const touchCrd = async ({ cluster }: Operator): Promise<void> => {
  const edit = [{ op: "replace", path: "/spec/names/shortNames", value: ["byhand"] }];
  const crd = ["crd", "gateways.gateway.networking.k8s.io"];
  await kubectl(cluster, ["patch", ...crd, "--type=json", "-p", JSON.stringify(edit)]);
};
