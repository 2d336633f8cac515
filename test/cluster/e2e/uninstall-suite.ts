import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  kubectl,
  type RunResult,
  startCluster,
} from "../cluster.ts";
import { type Receiver, startReceiver } from "../doctor/receiver.ts";
import { type Ended, startTare } from "./running-tare.ts";
import {
  type HelmMajor,
  type Operator,
  olderChart,
  olderCrds,
  operator,
  tare,
  upgrade,
} from "./tare.ts";

const uninstall = (who: Operator, ...args: ReadonlyArray<string>): Promise<RunResult> =>
  tare(who, ["uninstall", who.identityFile, ...args]);

/** Of the cluster's own doing: it comes and goes by itself, as a CronJob's Jobs, or tells of others, as an APIService of the versions of a CRD. */
const OF_THE_CLUSTER =
  /^(?:events?|apiservices|(?:jobs\.batch|pods) tars-system\/tare-doctor-|leases\.coordination\.k8s\.io (?:kube-system\/(?!tare)|kube-node-lease\/)|endpointslices|endpoints)/;

/** Every object there is, of every kind, with its UID: one that was made again is another one. */
const everything = async ({ cluster }: Operator): Promise<ReadonlyArray<string>> => {
  const list = ["api-resources", "--verbs=list,delete", "-o", "name"];
  const kinds = (await kubectl(cluster, list)).trim().split("\n");
  const columns = "NS:.metadata.namespace,NAME:.metadata.name,UID:.metadata.uid";
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const table = await kubectl(cluster, [
        ...["get", kind, "--all-namespaces", "--no-headers", "--ignore-not-found"],
        ...["-o", `custom-columns=${columns}`],
      ]);
      return table
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => line.trim().split(/\s+/))
        .map(([namespace = "", name, uid]) => `${kind} ${namespace}/${name} ${uid}`);
    }),
  );
  return found
    .flat()
    .filter((line) => !OF_THE_CLUSTER.test(line))
    .sort();
};

/** A management plane that answers, known to the operator's identity. */
const withPlane = async (who: Operator): Promise<Receiver> => {
  const spki = createPublicKey(who.privateKey).export({ type: "spki", format: "pem" }) as string;
  const receiver = await startReceiver(() => ({ alg: "ES256", spki, kid: "key-1" }));
  const identity = JSON.parse(readFileSync(who.identityFile, "utf8"));
  writeFileSync(
    who.identityFile,
    JSON.stringify({ ...identity, managementPlaneUrl: receiver.url }),
    { mode: 0o600 },
  );
  return receiver;
};

/** With a label for the data plane: no fake pod serves the AI Gateway's webhook. */
const install = async (who: Operator): Promise<RunResult> => {
  const args = ["install", who.identityFile, "--settle-time", "3s", "--yes"];
  const [result] = await Promise.all([
    tare(who, [...args, "--chart-path", olderChart]),
    kubectl(who.cluster, [
      "wait",
      "--for=create",
      "--timeout=120s",
      "namespace/tars-dataplane",
    ]).then(() =>
      kubectl(who.cluster, [
        ...["label", "namespace/tars-dataplane", "tars.io/ext-proc-injection=disabled"],
      ]),
    ),
  ]);
  return result;
};

/** Killed as soon as it says that. */
const killedIn = (who: Operator, words: RegExp): Promise<Ended> => {
  const args = ["uninstall", who.identityFile, "--yes"];
  const run = startTare(who, args, who.cluster.kubeconfig, (line) => {
    if (words.test(line)) run.kill();
  });
  return run.ended;
};

const phasesOf = ({ stderr }: RunResult): ReadonlyArray<string> =>
  stderr.split("\n").filter((line) => line.startsWith("["));

const PHASES = [
  "[1/6] Preflight",
  "[2/6] Custom resources",
  "[3/6] helm uninstall",
  "[4/6] Namespaces",
  "[5/6] Finalizers that still hold them",
  "[6/6] CRDs",
];

const gateway = (namespace: string, gatewayClassName: string) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "theirs", namespace },
  spec: { gatewayClassName, listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
});

export const uninstallSuite = (major: HelmMajor): void => {
  describe(`tare uninstall with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let receiver: Receiver;
    let before: ReadonlyArray<string>;
    let rehearsed: RunResult;
    let unchanged: readonly [ReadonlyArray<string>, ReadonlyArray<string>];
    let unattended: RunResult;
    let removed: RunResult;
    let after: ReadonlyArray<string>;
    let again: RunResult;

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      receiver = await withPlane(who);
      // Somebody else's, and so they stay; those that the upgrade adds are tare's.
      await applyCrds(cluster, olderCrds);
      before = await everything(who);
      await followEnvoyGateway(cluster);
      const installed = await install(who);
      expect(installed.code, installed.stderr).toBe(0);
      const upgraded = await upgrade(who);
      expect(upgraded.code, upgraded.stderr).toBe(0);
      const standing = await everything(who);
      rehearsed = await uninstall(who, "--dry-run");
      unattended = await uninstall(who);
      unchanged = [standing, await everything(who)];
      removed = await uninstall(who, "--yes", "--delete-shared-crds");
      after = await everything(who);
      again = await uninstall(who, "--yes", "--delete-shared-crds");
    });
    afterAll(async () => {
      await receiver.close();
      await cluster.stop();
    });

    it("shows what it would do, and writes nothing", () => {
      expect(rehearsed.code, rehearsed.stderr).toBe(0);
      expect(rehearsed.stderr).toContain("would uninstall release tars in tars-system");
      expect(rehearsed.stderr).toContain("namespaces to delete: tars-dataplane, tars-system");
      expect(unchanged[1].filter((line) => !unchanged[0].includes(line))).toEqual([]);
      expect(unchanged[0].filter((line) => !unchanged[1].includes(line))).toEqual([]);
    });

    it("needs a yes where there is no terminal", () => {
      expect(unattended.code).toBe(2);
      expect(unattended.stderr).toMatch(/^tare uninstall \S*identity\.json --yes/m);
    });

    it("prints its six phases and exits 0", () => {
      expect(removed.code, removed.stderr).toBe(0);
      expect(phasesOf(removed)).toEqual(PHASES);
      expect(removed.stderr).toContain("Uninstallation completed.");
      expect(removed.stderr).not.toContain("warning:");
    });

    it("leaves the cluster as it was before the installation, object by object", () => {
      expect(after).toEqual(before);
    });

    it("has told every row before the outbox went", () => {
      expect(receiver.objections).toEqual([]);
      expect(receiver.rows()).toEqual([
        "1 install success",
        "2 upgrade success",
        "2 uninstall success",
      ]);
    });

    it("has nothing to do the second time", () => {
      expect(again.code, again.stderr).toBe(0);
      expect(again.stderr).toContain("nothing to uninstall");
    });
  });
};

export const obstaclesSuite = (major: HelmMajor): void => {
  describe(`what is in the way of tare uninstall, with ${major}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let receiver: Receiver;
    let before: ReadonlyArray<string>;
    let refused: RunResult;
    let killed: Ended;
    let finished: RunResult;
    let after: ReadonlyArray<string>;

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, major);
      receiver = await withPlane(who);
      await kubectl(cluster, ["create", "namespace", "theirs"]);
      // Somebody else's, and so they stay; those that the upgrade adds are tare's.
      await applyCrds(cluster, olderCrds);
      before = await everything(who);
      await followEnvoyGateway(cluster);
      const installed = await install(who);
      expect(installed.code, installed.stderr).toBe(0);

      const theirs = gateway("theirs", "tars-egress");
      await kubectl(cluster, ["apply", "-f", "-"], { input: theirs });
      refused = await uninstall(who, "--yes");
      await kubectl(cluster, ["delete", "gateway", "theirs", "-n", "theirs"]);

      const held = ["gateway/egress", "--namespace", "tars-dataplane"];
      const stuck = { metadata: { finalizers: ["example.com/stuck"] } };
      await kubectl(cluster, ["patch", ...held, "--type=merge", "-p", JSON.stringify(stuck)]);
      // While it waits for what the finalizer holds: some of it has gone by then.
      killed = await killedIn(who, /^\[4\/6\]/);
      finished = await uninstall(who, "--yes", "--delete-shared-crds");
      after = await everything(who);
    });
    afterAll(async () => {
      await receiver.close();
      await cluster.stop();
    });

    it("is refused where others use its class", () => {
      expect(refused.code, refused.stderr).toBe(10);
      expect(refused.stderr).toContain(
        "Gateway theirs/theirs was made by others, of GatewayClass tars-egress",
      );
      expect(refused.stderr).toMatch(/^tare uninstall \S*identity\.json --force/m);
    });

    it("takes a stuck finalizer away when the controllers have gone, and goes on after a kill", () => {
      expect(killed.code).toBeNull();
      expect(finished.code, finished.stderr).toBe(0);
      expect(finished.stderr).toContain("example.com/stuck");
      expect(after).toEqual(before);
    });
  });
};
