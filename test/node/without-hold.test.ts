/** An account that may not hold proxies: streams that outlive their drain are cut, and every number about it is true. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, kubectl, startCluster } from "../cluster/cluster.ts";
import { accountWith, accountWithoutProxyJobs } from "../cluster/e2e/account.ts";
import { type Ended, startTare } from "../cluster/e2e/running-tare.ts";
import { awaitDataPlane, events, type Operator, operator, tare } from "../cluster/e2e/tare.ts";
import { printedLines } from "../output-schema.ts";
import type { ClientResult } from "../streams/client.ts";
import { awaitRoute, gatewayUrl, startLoad } from "../streams/load.ts";
import { DEFAULTS, type StreamsOptions } from "../streams/options.ts";
import { DATA_PLANE, type ProxyWatch, watchProxies } from "../streams/proxies.ts";
import { bringUpRelease } from "../streams/release.ts";
import { describeInTurn } from "./in-turn.ts";

const DRAIN = 12;
const OPTIONS: StreamsOptions = {
  ...DEFAULTS,
  from: "1.2.0",
  runningDrain: DRAIN,
  clients: 20,
  length: 45,
};
const REASON =
  "this account is not allowed to hold them (it cannot list, create, patch, delete jobs.batch in namespace tars-dataplane)";
/** A stream may end by itself between the last look at its proxy and the proxy's end. */
const SLACK = 2;

interface Outcome extends Ended {
  readonly streams: ClientResult;
  /** What the clients lost, by the pod that served it. */
  readonly lost: Readonly<Record<string, number>>;
}

const lostBy = ({ failed }: ClientResult, proxies: ProxyWatch): Outcome["lost"] => {
  const names = failed.map(
    ({ proxy, began }) =>
      proxies
        .seen()
        .find(
          ({ address, goneAt }) =>
            address === proxy && (goneAt?.getTime() ?? Infinity) > Date.parse(began),
        )?.name ?? `(${proxy})`,
  );
  const groups = Object.entries(Object.groupBy(names, (name) => name));
  return Object.fromEntries(groups.map(([name, all]) => [name, all?.length ?? 0]));
};

describeInTurn("without a hold", () => {
  let cluster: Cluster;
  let who: Operator;
  let kubeconfig: string;
  beforeAll(async () => {
    cluster = await startCluster({ realNodes: 1 });
    who = operator(cluster, "helm4");
    await bringUpRelease(who, OPTIONS);
    kubeconfig = await accountWithoutProxyJobs(who, "without-jobs");
  });
  afterAll(() => cluster?.stop());

  const setDrain = async () => {
    const patch = JSON.stringify({ spec: { shutdown: { drainTimeout: `${DRAIN}s` } } });
    const proxy = ["envoyproxy", "tars-egress", "--namespace", "tars-system"];
    await kubectl(cluster, ["patch", ...proxy, "--type=merge", "--patch", patch]);
    const grace = `jsonpath={.spec.template.spec.terminationGracePeriodSeconds}=${DRAIN + 300}`;
    await kubectl(cluster, ["wait", `--for=${grace}`, "deployment/egress", ...DATA_PLANE]);
    await awaitDataPlane(who);
  };

  const upgradeUnderStreams = async (flags: ReadonlyArray<string>): Promise<Outcome> => {
    const proxies = watchProxies(cluster);
    const url = await gatewayUrl(cluster);
    await awaitRoute(cluster, url);
    const load = startLoad(cluster, url, OPTIONS);
    try {
      await sleep(OPTIONS.length * 1_000);
      const args = ["upgrade", who.identityFile, "--no-rate-limiting", ...flags];
      const ended = await startTare(who, args, kubeconfig).ended;
      const streams = await load.stop("leave");
      return { ...ended, streams, lost: lostBy(streams, proxies) };
    } finally {
      load.kill();
      proxies.stop();
    }
  };

  const lostInAll = ({ streams }: Outcome) => streams.counts.dropped + streams.counts.notServed;

  const expectTrue = (told: ReadonlyArray<{ pod: string; streams: number }>, outcome: Outcome) => {
    const { lost } = outcome;
    expect(lostInAll(outcome), JSON.stringify(lost)).toBeGreaterThan(0);
    expect(told.map(({ pod }) => pod).sort()).toEqual(Object.keys(lost).sort());
    for (const { pod, streams } of told) {
      expect(Math.abs(streams - (lost[pod] ?? 0)), `${pod} ${streams}`).toBeLessThanOrEqual(SLACK);
    }
  };

  it("warns with the drain and the streams before the first write, and tells what was cut", async () => {
    const outcome = await upgradeUnderStreams([]);
    const { code, stderr } = outcome;
    expect(code, stderr).toBe(0);
    const before = stderr.slice(0, stderr.indexOf("[4/5]"));
    const [, open] =
      /warning: the running proxies drain for at most 12s; (\d+) streams are open; longer ones will be cut: (.*)/.exec(
        before,
      ) ?? [];
    expect(before).toContain(`longer ones will be cut: ${REASON}`);
    expect(Math.abs(Number(open) - OPTIONS.clients)).toBeLessThanOrEqual(SLACK);
    expect(stderr.match(/will be cut/g)).toHaveLength(1);
    const [line = "", cut] = /streams: \d+ open at the start, (\d+) cut: .*/.exec(stderr) ?? [];
    const told = [...line.matchAll(/(\d+) of (egress-\S+) \(its drain of 12s was over\)/g)].map(
      ([, streams, pod = ""]) => ({ pod, streams: Number(streams) }),
    );
    expectTrue(told, outcome);
    const [event] = await events(who);
    expect(event.streams.cut).toBe(Number(cut));
    expectTrue(event.streams.cut_of, outcome);
    const { stdout } = await tare(who, ["history"]);
    expect(stdout).toMatch(new RegExp(`upgrade .* ${cut}\\b`));
  });

  it("tells programs the same", async () => {
    await setDrain();
    const outcome = await upgradeUnderStreams(["--output", "json"]);
    expect(outcome.code, outcome.stdout).toBe(0);
    const records = printedLines(outcome.stdout).map((line) => JSON.parse(line));
    const writes = records.findIndex(
      ({ type, phase }) => type === "phase-started" && phase.index === 4,
    );
    const warned = records.findIndex(({ message }) => String(message).includes(REASON));
    expect(warned).toBeGreaterThan(0);
    expect(warned).toBeLessThan(writes);
    const { counted } = records.find(({ type }) => type === "streams");
    expectTrue(counted.cutOf, outcome);
    expect(records.at(-1).streams).toEqual(counted);
    const history = await tare(who, ["history", "--output", "json"]);
    const [{ rows }] = printedLines(history.stdout)
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === "history");
    expect(rows.at(-1).streams).toMatchObject({ cut: counted.cut });
    expectTrue(rows.at(-1).streams.cutOf, outcome);
  });

  it("says once that nothing was counted where the statistics cannot be read", async () => {
    await setDrain();
    const subresources = ["pods/portforward", "pods/log", "pods/exec", "pods/eviction", "pods"];
    const core = ["configmaps", "secrets", "services", "serviceaccounts", "namespaces", "events"];
    const groups = await kubectl(cluster, [
      ...["get", "clusterrole", "without-jobs", "--output", "jsonpath={.rules[0].apiGroups}"],
    ]);
    const others = (JSON.parse(groups) as ReadonlyArray<string>).filter((group) => group !== "");
    kubeconfig = await accountWith(who, "without-proxy", [
      { apiGroups: others, resources: ["*"], verbs: ["*"] },
      { apiGroups: ["batch"], resources: ["*"], verbs: ["*"] },
      { apiGroups: [""], resources: [...core, ...subresources], verbs: ["*"] },
      { apiGroups: [""], resources: ["pods/proxy"], verbs: ["create"] },
    ]);
    const args = ["upgrade", who.identityFile, "--no-rate-limiting"];
    const { code, stderr } = await startTare(who, args, kubeconfig).ended;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/not counted/g), stderr).toHaveLength(1);
    expect(stderr).toMatch(
      /streams: not counted: .*pods\/proxy|streams: not counted: .*forbidden/i,
    );
  });
});
