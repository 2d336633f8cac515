import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, followEnvoyGateway, startCluster } from "../cluster.ts";
import { type Hold, type HoldingProxy, isWrite, startHoldingProxy } from "../holding-proxy.ts";
import { helmsOf, helmsOn, startTare } from "./running-tare.ts";
import {
  awaitDataPlane,
  chartWith,
  currentCrds,
  events,
  type HistoryEntry,
  history,
  installOlder,
  type Operator,
  objects,
  operator,
  touchCrd,
} from "./tare.ts";

/** Where a run is stopped to be killed. */
interface Point {
  readonly name: string;
  readonly hold: Hold;
  /** Only with a chart whose workload never becomes ready does Helm roll back; with whose proxy, tare does. */
  readonly broken?: "workload" | "proxy";
  /** What is said of the phase it died in; nothing when it had not begun to write. */
  readonly phase?: 4 | 5;
}

const write = (from: "tare" | "helm", method: string, path: RegExp, rest: Partial<Hold> = {}) => ({
  is: (passing: Parameters<Hold["is"]>[0]) =>
    passing.from === from &&
    isWrite(passing) &&
    passing.method === method &&
    path.test(passing.path),
  when: "before" as const,
  ...rest,
});
const after = { when: "after" } as const;

const LEASE = /leases\/tare-tars/;
const CRD = /customresourcedefinitions\//;
const RECORDS = /secrets\/?(sh\.helm|\?|$)/;
const RECORD = /secrets\/sh\.helm\.release/;
const GATE = /configmaps\/tare-gate/;
const EVENT = /configmaps\/tare-event/;
const PROXY = /envoyproxies\//;

export const POINTS: ReadonlyArray<Point> = [
  { name: "before the lock is taken", hold: write("tare", "PUT", LEASE) },
  { name: "after the lock is taken", hold: write("tare", "PUT", LEASE, after) },
  { name: "before the first CRD is written", hold: write("tare", "PATCH", CRD), phase: 4 },
  { name: "after the first CRD is written", hold: write("tare", "PATCH", CRD, after), phase: 4 },
  {
    name: "before the identity is written",
    hold: write("tare", "PATCH", /secrets\/tars-identity/),
    phase: 5,
  },
  {
    name: "after the gate's record says running",
    hold: write("tare", "PATCH", GATE, after),
    phase: 5,
  },
  { name: "before Helm writes its revision", hold: write("helm", "POST", RECORDS), phase: 5 },
  { name: "after Helm wrote its revision", hold: write("helm", "POST", RECORDS, after), phase: 5 },
  { name: "before Helm changes the EnvoyProxy", hold: write("helm", "PATCH", PROXY), phase: 5 },
  {
    name: "after Helm changed the EnvoyProxy",
    hold: write("helm", "PATCH", PROXY, after),
    phase: 5,
  },
  {
    name: "before Helm supersedes the old revision",
    hold: write("helm", "PUT", RECORD),
    phase: 5,
  },
  {
    name: "before Helm calls the new revision deployed",
    hold: write("helm", "PUT", RECORD, { nth: 2 }),
    phase: 5,
  },
  {
    name: "before the gate's record says passed",
    hold: write("tare", "PATCH", GATE, { nth: 2 }),
    phase: 5,
  },
  { name: "before the event is written", hold: write("tare", "PATCH", EVENT), phase: 5 },
  { name: "after the event is written", hold: write("tare", "PATCH", EVENT, after), phase: 5 },
  {
    name: "before Helm's own rollback writes its revision",
    hold: write("helm", "POST", RECORDS, { nth: 2 }),
    broken: "workload",
    phase: 5,
  },
  {
    name: "after Helm's own rollback wrote its revision",
    hold: write("helm", "POST", RECORDS, { nth: 2, ...after }),
    broken: "workload",
    phase: 5,
  },
  {
    name: "after our rollback wrote its revision",
    hold: write("helm", "POST", RECORDS, { nth: 2, ...after }),
    broken: "proxy",
    phase: 5,
  },
];

const lastOf = (entries: ReadonlyArray<HistoryEntry>): HistoryEntry | undefined => entries.at(-1);

/** How a killed run is left: tare alone dies, or Helm with it. */
export type Victims = "tare" | "tare and helm";

const QUICK = ["--settle-time", "1s", "--skip-preflight"];

export const killSuite = (victims: Victims, points: ReadonlyArray<Point>): void => {
  describe(`kill -9 of ${victims}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let proxy: HoldingProxy;
    const charts: Record<"workload" | "proxy", string> = { workload: "", proxy: "" };

    beforeAll(async () => {
      cluster = await startCluster();
      who = operator(cluster, "helm4");
      await followEnvoyGateway(cluster);
      await installOlder(who, undefined, currentCrds);
      proxy = await startHoldingProxy(cluster);
      charts.workload = chartWith(who, (values) => {
        values.images = { otelCollector: { tag: "never-ready" } };
      });
      charts.proxy = chartWith(who, (values) => {
        values.images = { envoy: { tag: "never-ready" } };
      });
      // So that the lock's Lease is there, and the CRDs are ours.
      const first = startTare(who, ["upgrade", who.identityFile, ...QUICK], proxy.kubeconfig);
      const { code, stderr } = await first.ended;
      expect(stderr).toContain("Upgrade completed.");
      expect(code).toBe(0);
    });
    afterAll(async () => {
      await proxy?.close();
      await cluster?.stop();
    });

    const newRows = async (known: ReadonlySet<string>) =>
      (await events(who)).filter(({ event_id }) => !known.has(event_id));

    it.each(points.map((point) => [point.name, point] as const))(
      "%s: the next run explains, recovers and ends healthy",
      async (name, { hold, broken, phase }) => {
        if (phase === 4) await touchCrd(who);
        const before = await history(who);
        const base = lastOf(before)?.revision ?? 0;
        const known = new Set((await events(who)).map(({ event_id }) => event_id));

        const caught = proxy.hold(hold);
        const chart = broken === undefined ? [] : ["--chart-path", charts[broken]];
        const args = ["upgrade", who.identityFile, ...QUICK, "--timeout", "12s", ...chart];
        const killed = startTare(who, args, proxy.kubeconfig);
        await Promise.race([
          caught,
          killed.ended.then(({ stderr }) => {
            throw new Error(`it ended before it could be held:\n${stderr}`);
          }),
        ]);
        const helms = helmsOf(killed);
        killed.signal("SIGKILL");
        if (victims === "tare and helm") for (const pid of helms) process.kill(pid, "SIGKILL");
        await killed.ended;
        proxy.clear();

        const left = lastOf(await history(who));
        const startedAt = Date.now();
        const recovering = ["upgrade", who.identityFile, ...QUICK, "--timeout", "60s", "--recover"];
        const next = await startTare(who, recovering, proxy.kubeconfig).ended;
        const seconds = (Date.now() - startedAt) / 1_000;

        expect(next.stderr).toContain("Upgrade completed.");
        expect(next.code).toBe(0);
        if (phase !== undefined) {
          expect(next.stderr).toMatch(
            new RegExp(`a run by .* \\(process ${killed.pid}, .*\\) died in phase ${phase}`),
          );
        }
        await awaitDataPlane(who);
        const now = await history(who);
        expect(lastOf(now)).toMatchObject({ status: "deployed", description: "Upgrade complete" });
        expect(now.filter(({ status }) => status === "deployed")).toHaveLength(1);
        const [proxyObject] = await objects(who, "envoyproxies", "--namespace", "tars-system");
        const [deployment] = await objects(who, "deployments", "--namespace", "tars-dataplane");
        expect(JSON.stringify(deployment.spec.template.spec.containers)).toContain(
          proxyObject.spec.provider.kubernetes.envoyDeployment.container.image,
        );
        expect(helmsOn(who, proxy.kubeconfig)).toEqual([]);

        const rows = await newRows(known);
        const attempt = now.find(({ revision }) => revision > base);
        const own = rows.filter(({ helm_revision }) => helm_revision === lastOf(now)?.revision);
        const others = rows.filter(({ helm_revision }) => helm_revision !== lastOf(now)?.revision);
        expect(own).toMatchObject([{ operation: "upgrade", status: "success" }]);
        // One row for what the dead run attempted; none when it had only looked.
        expect(others).toHaveLength(phase === undefined ? 0 : 1);
        const [dead] = others;
        if (dead?.helm_revision !== undefined) {
          expect(dead.helm_revision).toBe(attempt?.revision);
        }
        report(victims, name, left, base, seconds, now, dead);
      },
    );
  });
};

/** A line of the table in docs/recovery.md, where somebody wants it. */
const report = (
  victims: Victims,
  name: string,
  left: HistoryEntry | undefined,
  base: number,
  seconds: number,
  now: ReadonlyArray<HistoryEntry>,
  dead: { readonly status?: string; readonly helm_revision?: number } | undefined,
): void => {
  const file = process.env.TARE_TEST_RECOVERY_TABLE;
  if (file === undefined) return;
  const found = left === undefined || left.revision === base ? "as before" : left.status;
  const rolledBack = now.some(
    ({ revision, description }) => revision > base + 1 && description.startsWith("Rollback"),
  );
  const row =
    dead === undefined ? "none" : `${dead.status}${dead.helm_revision ? "" : ", no revision"}`;
  appendFileSync(
    file,
    `| ${name} | ${victims} | ${found} | ${rolledBack ? "rolled back, upgraded" : "upgraded"} | ${row} | ${seconds.toFixed(0)} s |\n`,
  );
};
