/** kill -9 while proxies are held: nothing of it blocks anybody for longer than the guard lives, and the next run clears it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawn } from "../../drawn/drawn.ts";
import { type Cluster, kubectl } from "../cluster.ts";
import { type Hold, type HoldingProxy, startHoldingProxy } from "../holding-proxy.ts";
import { write } from "./requests.ts";
import { startTare } from "./running-tare.ts";
import { awaitDataPlane, clusterWithRelease, currentCrds, type Operator, objects } from "./tare.ts";

const GUARD = /jobs\/tare-hold/;
const POLICY = /validatingadmissionpolicies\//;
const BINDING = /validatingadmissionpolicybindings\//;
const POD = /namespaces\/tars-dataplane\/pods\//;
const PROXY = /envoyproxies\//;
const KEEPER = /jobs\/tare-keep/;

const around = (name: string, method: string, path: RegExp, nth = 1) =>
  (["before", "after"] as const).map(
    (when) => [`${when} ${name}`, write("tare", method, path, { when, nth })] as const,
  );

const POINTS: ReadonlyArray<readonly [name: string, hold: Hold]> = [
  ...around("the first pod is labelled", "PUT", POD),
  ...around("the guard's Job is made", "PATCH", GUARD),
  ...around("the policy is made", "PATCH", POLICY),
  ...around("the policy is bound", "PATCH", BINDING),
  ...around("the drain is lengthened", "PUT", PROXY),
  ...around("the keeper's Job is made", "PATCH", KEEPER),
  ...around("the first pod is handed over", "PUT", POD, 3),
  ...around("the guard's Job is deleted", "DELETE", GUARD),
];

const QUICK = ["--settle-time", "1s", "--timeout", "2m"];
/** The guard's own minute, and the ReplicaSet controller's next try, which waits for longer the more often it was refused. */
const FREE_WITHIN = "180s";

describe("kill -9 while proxies are held", () => {
  let cluster: Cluster;
  let who: Operator;
  let proxy: HoldingProxy;
  let drain = 300;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    proxy = await startHoldingProxy(cluster);
    const first = await start(drain).ended;
    expect(first.code, first.stderr).toBe(0);
  });
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  const start = (seconds: number) =>
    startTare(
      who,
      ["upgrade", who.identityFile, ...QUICK, "--drain-timeout-seconds", String(seconds)],
      proxy.kubeconfig,
    );

  /** Asks for a longer drain than any proxy has, and kills the run where it is held. */
  const killAt = async (hold: Hold): Promise<void> => {
    drain += 60;
    const caught = proxy.hold(hold);
    const run = start(drain);
    await Promise.race([
      caught,
      run.ended.then(({ stderr }) => {
        throw new Error(`it ended before it could be held:\n${stderr}`);
      }),
    ]);
    run.kill();
    await run.ended;
    proxy.clear();
  };

  /** What could still refuse something, or be taken for a hold. Pods that were handed over have their time. */
  const leftOfHold = async (): Promise<ReadonlyArray<string>> => {
    const inDataPlane = ["--namespace", "tars-dataplane"];
    const guards = await objects(who, "jobs", ...inDataPlane, "-l", "tars.io/hold-role=guard");
    const pods = await objects(who, "pods", ...inDataPlane, "-l", "tars.io/held,pod-template-hash");
    return [...guards, ...pods].map(({ metadata }) => metadata.name);
  };

  const cases = drawn("kill -9 while proxies are held", {
    cases: POINTS,
    share: 1 / 4,
    nameOf: ([name]) => name,
    kindOf: ([name]) => name.split(" ")[0] ?? "",
  });

  it.each(cases)("%s: the next run clears it and ends well", async (_, hold) => {
    await killAt(hold);
    const next = await start(drain).ended;
    expect(next.code, next.stderr).toBe(0);
    expect(next.stderr).toContain("Upgrade completed.");
    await awaitDataPlane(who);
    expect(await leftOfHold()).toEqual([]);
  });

  it("blocks no rollout by hand for longer than the guard lives", async () => {
    const [, handedOver] = around("the first pod is handed over", "PUT", POD, 3);
    await killAt((handedOver as (typeof POINTS)[number])[1]);
    const inDataPlane = ["--namespace", "tars-dataplane"];
    await kubectl(cluster, ["rollout", "restart", "deployment/egress", ...inDataPlane]);
    const status = ["rollout", "status", "deployment/egress", `--timeout=${FREE_WITHIN}`];
    await kubectl(cluster, [...status, ...inDataPlane]);
    const next = await start(drain).ended;
    expect(next.code, next.stderr).toBe(0);
    expect(await leftOfHold()).toEqual([]);
  });
});
