import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../cluster.ts";
import { type HoldingProxy, startHoldingProxy } from "../holding-proxy.ts";
import { RECORDS, write } from "./requests.ts";
import { startTare, until } from "./running-tare.ts";
import { clusterWithRelease, currentCrds, events, history, type Operator } from "./tare.ts";

describe("many runs at once", () => {
  let cluster: Cluster;
  let who: Operator;
  let proxy: HoldingProxy;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    proxy = await startHoldingProxy(cluster);
  });
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  it.each([2, 10])(
    "of %d runs at once one proceeds, the others name it and end with 13",
    async (count) => {
      const base = (await history(who)).at(-1)?.revision ?? 0;
      const known = new Set((await events(who)).map(({ event_id }) => event_id));
      // Whoever gets as far as Helm has the lock; it keeps it until the others have given up.
      const caught = proxy.hold(write("helm", "POST", RECORDS));
      const args = ["upgrade", who.identityFile, "--skip-preflight", "--settle-time", "1s"];
      const runs = Array.from({ length: count }, () => startTare(who, args, proxy.kubeconfig));
      const held = await caught;
      const ending = runs.map(({ ended }) => ended);
      let given = 0;
      for (const ended of ending) void ended.then(() => (given += 1));
      await until("the others to give up", () => given === count - 1, 240);
      held.release();
      const ends = await Promise.all(ending);
      const winner = runs[ends.findIndex(({ code }) => code === 0)];
      expect(ends.map(({ code }) => code).sort()).toEqual([0, ...Array(count - 1).fill(13)]);
      for (const { code, stderr } of ends) {
        if (code === 13)
          expect(stderr).toMatch(new RegExp(`held by .*, process ${winner?.pid} since`));
      }
      const rows = (await events(who)).filter(({ event_id }) => !known.has(event_id));
      expect(rows).toMatchObject([{ status: "success", helm_revision: base + 1 }]);
      expect((await history(who)).at(-1)?.revision).toBe(base + 1);
    },
  );
});
