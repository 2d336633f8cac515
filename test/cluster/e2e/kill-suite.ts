import { appendFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn } from "../../drawn/drawn.ts";
import { type Cluster, run } from "../cluster.ts";
import { type HoldingProxy, startHoldingProxy } from "../holding-proxy.ts";
import { type Point, WITH_ITS_LOCK } from "./kill-points.ts";
import { PROXY, revision, write } from "./requests.ts";
import { helmsOf, workingWith } from "./running-processes.ts";
import {
  type Ended,
  startTare,
  startTareCommand,
  type TareWithoutTerminal,
  until,
} from "./running-tare.ts";
import {
  awaitDataPlane,
  chartWith,
  clusterWithRelease,
  currentCrds,
  events,
  type HistoryEntry,
  history,
  type Operator,
  objects,
  touchCrd,
} from "./tare.ts";

const lastOf = (entries: ReadonlyArray<HistoryEntry>): HistoryEntry | undefined => entries.at(-1);

/** How a killed run is left: tare alone dies, or Helm with it. */
export type Victims = "tare" | "tare and helm";

const QUICK = ["--settle-time", "1s", "--skip-preflight"];
/** Helm's waits in what is killed; long enough for a busy machine, short enough for a chart that never becomes ready. */
const DOOMED = ["--timeout", "12s"];
const RECOVERING = [...QUICK, "--recover"];
const PATIENT = ["--timeout", "60s"];

const wordsOf = (pid: number | undefined, died: string): RegExp =>
  new RegExp(
    died === WITH_ITS_LOCK
      ? `took over the lock of a dead run \\(.*process ${pid}\\b`
      : `process ${pid}\\b.* died ${died}`,
  );

interface Known {
  readonly base: number;
  readonly rows: ReadonlySet<string>;
}

export const killSuite = (victims: Victims, matrix: ReadonlyArray<Point>): void => {
  const points = drawn(`kill -9 of ${victims} in ${matrix[0]?.by}`, {
    cases: matrix,
    share: 1 / 3,
    nameOf: ({ name }) => name,
    kindOf: ({ broken, died }) => broken ?? died ?? "",
  });
  describe(`kill -9 of ${victims}`, () => {
    let cluster: Cluster;
    let who: Operator;
    let proxy: HoldingProxy;
    const charts: Record<"workload" | "proxy", string> = { workload: "", proxy: "" };

    beforeAll(async () => {
      ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
      proxy = await startHoldingProxy(cluster);
      charts.workload = chartWith(who, (values) => {
        values.images = { otelCollector: { tag: "never-ready" } };
      });
      charts.proxy = chartWith(who, (values) => {
        values.images = { envoy: { tag: "never-ready" } };
      });
      // So that the lock's Lease is there, and the CRDs are ours.
      const { code, stderr } = await start(QUICK).ended;
      expect(stderr).toContain("Upgrade completed.");
      expect(code).toBe(0);
    });
    afterAll(async () => {
      await proxy?.close();
      await cluster?.stop();
    });

    const start = (args: ReadonlyArray<string>) =>
      startTare(who, ["upgrade", who.identityFile, ...args], proxy.kubeconfig);

    const known = async (): Promise<Known> => ({
      base: lastOf(await history(who))?.revision ?? 0,
      rows: new Set((await events(who)).map(({ event_id }) => event_id)),
    });

    /** Starts a run, and kills it where it is held. What outlives it goes on when the proxy is cleared. */
    const killAt = async (
      hold: Point["hold"],
      args: ReadonlyArray<string>,
      inHelm: boolean,
    ): Promise<{ readonly run: TareWithoutTerminal; readonly left: HistoryEntry | undefined }> => {
      const caught = proxy.hold(hold);
      const run = start(args);
      await Promise.race([
        caught,
        run.ended.then(({ stderr }) => {
          throw new Error(`it ended before it could be held:\n${stderr}`);
        }),
      ]);
      const helms = helmsOf(run.pid);
      if (inHelm) expect(helms).not.toEqual([]);
      run.kill();
      if (victims === "tare and helm") for (const pid of helms) process.kill(pid, "SIGKILL");
      await run.ended;
      return { run, left: lastOf(await history(who)) };
    };

    /** The command of a plain run that finds the release pending and nobody at work on it. */
    const printed = async (words: RegExp): Promise<string> => {
      const { code, stderr } = await start([...QUICK, ...PATIENT]).ended;
      expect(code, stderr).toBe(13);
      const command = stderr.split("\n").find((line) => words.test(line));
      expect(command, stderr).toBeDefined();
      return command ?? "";
    };

    /** The next run. A Helm that outlived its tare does not end before it has been noticed. */
    const recover = async (outlivedByHelm: boolean, isPending = false): Promise<Ended> => {
      const next = isPending
        ? startTareCommand(who, await printed(/^tare upgrade .*--recover/), proxy.kubeconfig)
        : start([...RECOVERING, ...PATIENT]);
      if (outlivedByHelm) {
        const waiting = "waiting for a running helm";
        await until("the next run to wait for Helm", () => next.said().includes(waiting));
      }
      proxy.clear();
      const ended = await next.ended;
      expect(ended.stderr).toContain("Upgrade completed.");
      expect(ended.code).toBe(0);
      return ended;
    };

    const expectHealthy = async (): Promise<ReadonlyArray<HistoryEntry>> => {
      await awaitDataPlane(who);
      const now = await history(who);
      expect(lastOf(now)).toMatchObject({ status: "deployed", description: "Upgrade complete" });
      expect(now.filter(({ status }) => status === "deployed")).toHaveLength(1);
      const [proxyObject] = await objects(who, "envoyproxies", "--namespace", "tars-system");
      const [deployment] = await objects(who, "deployments", "--namespace", "tars-dataplane");
      expect(JSON.stringify(deployment.spec.template.spec.containers)).toContain(
        proxyObject.spec.provider.kubernetes.envoyDeployment.container.image,
      );
      await until("every process to have ended", () => workingWith(proxy.kubeconfig).length === 0);
      return now;
    };

    /** The rows that are new: the last run's own, which is a success, and the others. */
    const otherRows = async (before: Known, now: ReadonlyArray<HistoryEntry>) => {
      const rows = (await events(who)).filter(({ event_id }) => !before.rows.has(event_id));
      const newest = lastOf(now)?.revision;
      const own = rows.filter(({ helm_revision }) => helm_revision === newest);
      expect(own).toMatchObject([{ operation: "upgrade", status: "success" }]);
      return rows.filter(({ helm_revision }) => helm_revision !== newest);
    };

    it.each(points.map((point) => [point.name, point] as const))(
      "%s: the next run explains, recovers and ends healthy",
      async (name, { by, hold, broken, died, row }) => {
        if (died === "in phase 4") await touchCrd(who);
        const before = await known();
        const chart = broken === undefined ? [] : ["--chart-path", charts[broken]];
        const { run, left } = await killAt(hold, [...QUICK, ...DOOMED, ...chart], by === "helm");

        const startedAt = Date.now();
        const isPending = left?.status.startsWith("pending-") === true;
        const next = await recover(
          by === "helm" && victims === "tare",
          isPending && victims === "tare and helm",
        );
        const seconds = (Date.now() - startedAt) / 1_000;
        if (died === undefined) expect(next.stderr).not.toMatch(/ died | dead run /);
        else expect(next.stderr).toMatch(wordsOf(run.pid, died));

        const now = await expectHealthy();
        const others = await otherRows(before, now);
        // One row for what the dead run attempted; none when it had only looked.
        expect(others).toMatchObject(row === "none" ? [] : [{ operation: "upgrade", status: row }]);
        const [dead] = others;
        if (dead?.helm_revision !== undefined) {
          expect(dead.helm_revision).toBe(
            now.find(({ revision }) => revision > before.base)?.revision,
          );
        }
        note([
          name,
          victims,
          left === undefined || left.revision === before.base ? "as before" : left.status,
          actionsOf(next.stderr),
          row === "failed" && dead?.helm_revision === undefined ? "failed, no revision" : row,
          `${seconds.toFixed(0)} s`,
        ]);
      },
    );

    const inTheRecovery = async () => {
      const before = await known();
      await killAt(write("helm", "PATCH", PROXY), [...QUICK, ...DOOMED], true);
      proxy.clear();
      const rollback = revision("pending-rollback", { when: "after" });
      const { run, left } = await killAt(rollback, [...RECOVERING, ...DOOMED], true);
      expect(left?.status).toBe("pending-rollback");
      const next = await recover(false);
      expect(next.stderr).toMatch(new RegExp(`\\(process ${run.pid}, .*\\) died in phase`));
      const now = await expectHealthy();
      expect(await otherRows(before, now)).toMatchObject([
        { operation: "upgrade", status: "failed", helm_revision: before.base + 1 },
      ]);
    };

    const byHand = async () => {
      await killAt(write("helm", "PATCH", PROXY), [...QUICK, ...DOOMED], true);
      proxy.clear();
      const rollback = await printed(/ rollback tars /);
      const pasted = await run(cluster, "sh", ["-c", rollback]);
      expect(pasted.code, `${rollback}\n${pasted.stderr}`).toBe(0);
      const next = await start([...QUICK, ...PATIENT]).ended;
      expect(next.code, next.stderr).toBe(0);
      await expectHealthy();
    };

    const after = drawn(`what follows a kill of ${victims} in ${matrix[0]?.by}`, {
      cases: [
        { name: "in the recovery itself: the run after that ends healthy", test: inTheRecovery },
        { name: "and a rollback by the printed command: a plain run ends healthy", test: byHand },
      ],
      share: 1 / 2,
      nameOf: ({ name }) => name,
      kindOf: () => "",
    });
    // A Helm that goes on leaves nothing to recover.
    if (victims === "tare and helm" && matrix.some(({ by }) => by === "helm")) {
      it.each(after.map((one) => [one.name, one] as const))("%s", (_, { test }) => test());
    }
  });
};

const ACTIONS: ReadonlyArray<readonly [RegExp, string]> = [
  [/waiting for a running helm/, "waited for Helm"],
  [/release \S+ recovered: revision/, "rolled back"],
  [/Upgrade completed\./, "upgraded"],
];

const actionsOf = (stderr: string): string =>
  ACTIONS.flatMap(([seen, name]) => (seen.test(stderr) ? [name] : [])).join(", ");

/** A line of the table in docs/recovery.md, where somebody wants it. */
const note = (cells: ReadonlyArray<string>): void => {
  const file = process.env.TARE_TEST_RECOVERY_TABLE;
  if (file !== undefined) appendFileSync(file, `| ${cells.join(" | ")} |\n`);
};
