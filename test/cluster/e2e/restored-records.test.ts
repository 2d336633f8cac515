/** Helm's records are restored from a backup, as Velero does it: the same Secrets with other UIDs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, kubectl } from "../cluster.ts";
import {
  chartWith,
  clusterWithRelease,
  currentCrds,
  history,
  type Operator,
  objects,
  tare,
  upgrade,
} from "./tare.ts";

const RECORDS = ["secrets", "--namespace", "tars-system", "--selector", "owner=helm"];

/** What of an object's metadata a backup keeps. */
const restore = async (who: Operator): Promise<void> => {
  const saved = await objects(who, ...RECORDS);
  await kubectl(who.cluster, ["delete", ...RECORDS]);
  const items = saved.map(({ metadata: { name, namespace, labels }, ...rest }) => ({
    ...rest,
    metadata: { name, namespace, labels: { ...labels, "velero.io/restore-name": "night" } },
  }));
  await kubectl(who.cluster, ["create", "-f", "-"], {
    input: { apiVersion: "v1", kind: "List", items },
  });
};

const lines = (text: string): ReadonlyArray<Record<string, unknown>> =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a release whose records were restored from a backup", () => {
  let cluster: Cluster;
  let who: Operator;
  let broken: string;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    expect((await upgrade(who)).code).toBe(0);
    broken = chartWith(who, (values) => {
      values.images = { envoy: { tag: "never-ready" } };
    });
    const args = ["--chart-path", broken, "--no-atomic", "--timeout", "25s"];
    expect((await upgrade(who, args)).code).toBe(22);
    await restore(who);
  });
  afterAll(() => cluster.stop());

  it("has no row that nobody told of, but the installation", async () => {
    const { code, stdout, stderr } = await tare(who, [
      ...["doctor", who.identityFile, "--once", "--dry-run", "--output", "json"],
    ]);
    expect(code, stderr).toBe(0);
    const ticked = lines(stdout).find(({ type }) => type === "doctor");
    const { added } = ticked as { added: ReadonlyArray<{ operation: string }> };
    expect(added.map(({ operation }) => operation)).toEqual(["install"]);
  });

  it("has each revision once in its history", async () => {
    const { code, stdout, stderr } = await tare(who, ["history", "--output", "json"]);
    expect(code, stderr).toBe(0);
    const told = lines(stdout).find(({ type }) => type === "history");
    const { rows } = told as { rows: ReadonlyArray<{ revision: number }> };
    expect(rows.map(({ revision }) => revision)).toEqual([1, 2, 3]);
  });

  it("is never rolled back to a revision that is known to be bad: exit 20", async () => {
    const { code, stderr } = await upgrade(who, ["--chart-path", broken, "--timeout", "25s"]);
    expect(stderr).toContain("rolling back to revision 2");
    expect(code, stderr).toBe(20);
    expect((await history(who)).at(-1)?.description).toBe("Rollback to 2");
  });
});
