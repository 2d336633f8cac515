/** Writes of Helm that the API server carries out while their answers get lost, or come back as those of a second try. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, controlPlane } from "../cluster.ts";
import { type FaultProxy, type ProxyRule, startFaultProxy } from "../fault-proxy.ts";
import {
  awaitDataPlane,
  clusterWithRelease,
  currentCrds,
  events,
  type HelmMajor,
  type Operator,
  states,
  upgrade,
} from "./tare.ts";

const SECRETS = "/api/v1/namespaces/tars-system/secrets";

/** `last` is the newest revision before the upgrade. */
const CASES: ReadonlyArray<readonly [string, (last: number) => ProxyRule, number]> = [
  [
    "the first record, sent again by a balancer",
    () => ({ method: "POST", path: new RegExp(`^${SECRETS}$`), effect: { _tag: "Repeat" } }),
    20,
  ],
  [
    "the first record",
    () => ({ method: "POST", path: new RegExp(`^${SECRETS}$`), effect: { _tag: "LoseAnswer" } }),
    20,
  ],
  [
    "the last record",
    (last) => ({
      method: "PUT",
      path: new RegExp(`^${SECRETS}/sh\\.helm\\.release\\.v1\\.tars\\.v${last + 1}$`),
      effect: { _tag: "LoseAnswer" },
    }),
    0,
  ],
];

describe.each<HelmMajor>(["helm3", "helm4"])("answers that get lost, with %s", (major) => {
  let cluster: Cluster;
  let who: Operator;
  let proxy: FaultProxy;
  let kubeconfig: string;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease(major, { crds: currentCrds }));
    expect((await upgrade(who)).code).toBe(0);
    proxy = await startFaultProxy(controlPlane(cluster));
    kubeconfig = join(who.home, "proxied.json");
    const name = "proxied";
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name, cluster: { server: proxy.url } }],
        users: [{ name, user: {} }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        "current-context": name,
      }),
    );
  });
  afterAll(async () => {
    proxy.close();
    await cluster.stop();
  });
  afterEach(() => awaitDataPlane(who));

  it.each(CASES)("%s", async (_, ruleFor, code) => {
    const last = Number(/(\d+) deployed$/.exec(await states(who))?.[1]);
    const remove = proxy.add({ ...ruleFor(last), times: 1 });
    const ended = await upgrade(who, ["--kubeconfig", kubeconfig, "--timeout", "90s"]);
    remove();
    expect(ended.code, ended.stderr).toBe(code);
    const told = (await events(who)).at(-1);
    expect(told).toMatchObject({
      operation: "upgrade",
      status: code === 0 ? "success" : "failed",
      helm_revision: last + 1,
    });
    expect(await states(who)).toMatch(/ deployed$/);
  });
});
