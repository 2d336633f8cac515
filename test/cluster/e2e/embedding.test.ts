/** The library's one call, on a real cluster, as a program of somebody else's runs it. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../cluster.ts";
import { clusterWithRelease, type Operator, states, tare } from "./tare.ts";

let cluster: Cluster;
let who: Operator;

beforeAll(async () => {
  ({ cluster, who } = await clusterWithRelease("helm4"));
});
afterAll(() => cluster?.stop());

const embedding = async (identityFile: string) => {
  const program = [process.execPath, join(import.meta.dirname, "embedding-program.ts")] as const;
  const { code, stdout, stderr } = await tare({ ...who, program }, [identityFile]);
  expect(code, stderr).toBe(0);
  return { ended: JSON.parse(stdout), stderr };
};

it("rejects with the error that the command line would have ended with", async () => {
  const { ended } = await embedding(join(who.home, "no-such-identity.json"));
  expect(ended).toEqual({ _tag: "InvalidIdentity", exitCode: 2, why: ["no such file"] });
});

it("upgrades, and says so as the command line does", async () => {
  const { ended, stderr } = await embedding(who.identityFile);
  expect(ended).toEqual({ revision: 2, toVersion: "1.2.0" });
  expect(stderr).toContain("[5/5]");
  expect(await states(who)).toBe("1 superseded, 2 deployed");
});
