import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, followEnvoyGateway, startCluster } from "../cluster.ts";
import { type Hold, type HoldingProxy, isWrite, startHoldingProxy } from "../holding-proxy.ts";
import { helmsOn, startTare, startTareInTerminal, until } from "./running-tare.ts";
import {
  awaitDataPlane,
  chartWith,
  currentCrds,
  events,
  history,
  installOlder,
  type Operator,
  objects,
  operator,
  states,
  touchCrd,
} from "./tare.ts";

const write = (from: "tare" | "helm", method: string, path: RegExp, rest: Partial<Hold> = {}) => ({
  is: (passing: Parameters<Hold["is"]>[0]) =>
    passing.from === from &&
    isWrite(passing) &&
    passing.method === method &&
    path.test(passing.path),
  when: "before" as const,
  ...rest,
});

const read = (path: RegExp): Hold => ({
  is: (passing) => passing.from === "tare" && passing.method === "GET" && path.test(passing.path),
  when: "before",
});

const RECORDS = /secrets\/?(\?|$)/;
const DISCOVERY = read(/configmaps\/tare-gate-tars/);
const CRD = write("tare", "PATCH", /customresourcedefinitions\//);
const HELM = write("helm", "PATCH", /envoyproxies\//, { when: "after" });
const OUR_ROLLBACK = write("helm", "POST", RECORDS, { nth: 2, when: "after" });

type Row = {
  readonly status: string;
  readonly error_code?: string;
  readonly helm_revision?: number;
};

describe("signals and company", () => {
  let cluster: Cluster;
  let who: Operator;
  let proxy: HoldingProxy;
  let brokenProxy: string;

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
    await installOlder(who, undefined, currentCrds);
    proxy = await startHoldingProxy(cluster);
    brokenProxy = chartWith(who, (values) => {
      values.images = { envoy: { tag: "never-ready" } };
    });
  });
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  const images = async (): Promise<string> => {
    const found = [
      ...(await objects(who, "deployments", "--namespace", "tars-system")),
      ...(await objects(who, "deployments", "--namespace", "tars-dataplane")),
    ];
    return JSON.stringify(
      found.map(({ metadata, spec }) => [
        metadata.name,
        spec.template.spec.containers.map(({ image }: { image: string }) => image),
      ]),
    );
  };

  const scene = async () => ({
    images: await images(),
    states: await states(who),
    base: (await history(who)).at(-1)?.revision ?? 0,
    rows: new Set((await events(who)).map(({ event_id }) => event_id)),
  });

  const newRows = async (known: ReadonlySet<string>): Promise<ReadonlyArray<Row>> =>
    (await events(who)).filter(({ event_id }) => !known.has(event_id));

  /** Every flag once: a repeated one is refused. */
  const args = (flags: Readonly<Record<string, string>> = {}) => [
    "upgrade",
    who.identityFile,
    "--skip-preflight",
    ...Object.entries({ "settle-time": "1s", timeout: "60s", ...flags }).flatMap(
      ([name, value]) => [`--${name}`, value],
    ),
  ];

  /** What must hold however a run was interrupted once it had begun to write. */
  const expectRestored = async (before: Awaited<ReturnType<typeof scene>>) => {
    await awaitDataPlane(who);
    expect(await images()).toBe(before.images);
    expect(helmsOn(who, proxy.kubeconfig)).toEqual([]);
    const [row, ...others] = await newRows(before.rows);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ status: "failed" });
    return row;
  };

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s while the release is discovered: exit %d, nothing written",
    async (name, code) => {
      const before = await scene();
      const caught = proxy.hold(DISCOVERY);
      const run = startTare(who, args(), proxy.kubeconfig);
      await caught;
      run.signal(name);
      const ended = await run.ended;
      proxy.clear();
      expect(ended.code).toBe(code);
      expect(ended.stderr).toContain("The release is as it was before this run.");
      expect(await states(who)).toBe(before.states);
      expect(await newRows(before.rows)).toEqual([]);
    },
  );

  it("SIGTERM while the CRDs are written: exit 143, no Helm, and the row says so", async () => {
    await touchCrd(who);
    const before = await scene();
    const caught = proxy.hold(CRD);
    const run = startTare(who, args(), proxy.kubeconfig);
    await caught;
    run.signal("SIGTERM");
    const ended = await run.ended;
    proxy.clear();
    expect(ended.code).toBe(143);
    expect(await states(who)).toBe(before.states);
    const row = await expectRestored(before);
    expect(row).toMatchObject({ error_code: "Interrupted" });
    expect(row).not.toHaveProperty("helm_revision");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s in helm upgrade: exit %d, Helm's rollback seen through", async (name, code) => {
    const before = await scene();
    const caught = proxy.hold(HELM);
    const run = startTare(who, args(), proxy.kubeconfig);
    const held = await caught;
    run.signal(name);
    await until("tare to say so", () => run.stderr().includes("interrupted: the release"));
    held.release();
    const ended = await run.ended;
    expect(ended.stderr).toContain("The release is as it was before this run.");
    expect(ended.code).toBe(code);
    const row = await expectRestored(before);
    expect(row).toMatchObject({ error_code: "Interrupted", helm_revision: before.base + 1 });
    const last = (await history(who)).at(-1);
    expect(last).toMatchObject({ status: "deployed" });
    expect(last?.description).toMatch(/^Rollback to /);
  });

  it("Ctrl-C at a terminal in helm upgrade, twice: exit 130, and the second is answered", async () => {
    const before = await scene();
    const caught = proxy.hold(HELM);
    const terminal = startTareInTerminal(who, args(), proxy.kubeconfig);
    const held = await caught;
    terminal.ctrlC();
    await until("the first answer", () => terminal.screen().includes("interrupted: the release"));
    terminal.ctrlC();
    await until("the second answer", () => terminal.screen().includes("still running: helm"));
    expect(terminal.screen()).toMatch(/process \d+\. Killing it leaves the release pending/);
    held.release();
    await until("its end", () => terminal.code() !== undefined, 180);
    expect(terminal.code()).toBe(130);
    await expectRestored(before);
  });

  it("a terminal that closes in helm upgrade: exit 129, and Helm is not its victim", async () => {
    const before = await scene();
    const caught = proxy.hold(HELM);
    const terminal = startTareInTerminal(who, args(), proxy.kubeconfig);
    const held = await caught;
    terminal.hangUp();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(helmsOn(who, proxy.kubeconfig)).not.toEqual([]);
    held.release();
    await until("its end", () => terminal.code() !== undefined, 180);
    expect(terminal.code()).toBe(129);
    await expectRestored(before);
  });

  it("SIGTERM while the data plane is verified: exit 143, rolled back and verified", async () => {
    const before = await scene();
    const run = startTare(who, args({ "settle-time": "30s" }), proxy.kubeconfig);
    const done = `${before.base + 1} deployed`;
    await until("Helm to be done", async () => (await states(who)).endsWith(done), 180);
    run.signal("SIGTERM");
    const ended = await run.ended;
    expect(ended.code).toBe(143);
    const row = await expectRestored(before);
    expect(row).toMatchObject({ error_code: "Interrupted", helm_revision: before.base + 1 });
  });

  it("SIGINT in helm rollback does not reach it: the failed upgrade is what is reported", async () => {
    const before = await scene();
    const caught = proxy.hold(OUR_ROLLBACK);
    const flags = { "chart-path": brokenProxy, timeout: "10s" };
    const run = startTare(who, args(flags), proxy.kubeconfig);
    const held = await caught;
    run.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(helmsOn(who, proxy.kubeconfig)).not.toEqual([]);
    held.release();
    const ended = await run.ended;
    expect(ended.code).toBe(20);
    await expectRestored(before);
    expect((await history(who)).at(-1)).toMatchObject({ status: "deployed" });
  });

  it.each([2, 10])(
    "of %d runs at once one proceeds, the others name it and end with 13",
    async (count) => {
      const before = await scene();
      // Whoever gets as far as Helm has the lock; it keeps it until the others have given up.
      const caught = proxy.hold(write("helm", "POST", RECORDS));
      const runs = Array.from({ length: count }, () => startTare(who, args(), proxy.kubeconfig));
      const held = await caught;
      const losers = runs.map(({ ended }) => ended);
      let given = 0;
      for (const ended of losers) void ended.then(() => (given += 1));
      await until("the others to give up", () => given === count - 1, 240);
      held.release();
      const ends = await Promise.all(losers);
      const winner = runs[ends.findIndex(({ code }) => code === 0)];
      expect(ends.map(({ code }) => code).sort()).toEqual([0, ...Array(count - 1).fill(13)]);
      for (const { code, stderr } of ends) {
        if (code === 13)
          expect(stderr).toMatch(new RegExp(`held by .*, process ${winner?.pid} since`));
      }
      const rows = await newRows(before.rows);
      expect(rows).toMatchObject([{ status: "success", helm_revision: before.base + 1 }]);
      expect((await history(who)).at(-1)?.revision).toBe(before.base + 1);
    },
  );
});
