/** What is wrong with what Helm has stored is known before the first write, and mended by the commands that are printed. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printedLines, summaryOf } from "../../output-schema.ts";
import { type Cluster, kubectl, run } from "../cluster.ts";
import {
  decodeRecord,
  editRecord,
  encodeRecord,
  putRecord,
  readSecret,
  recordWords,
} from "./record.ts";
import { clusterWithRelease, currentCrds, type Operator, states, tare } from "./tare.ts";

const BUDGET = `---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: stored-budget}
spec: {minAvailable: 1, selector: {matchLabels: {app: stored}}}
`;

describe("Helm's records", () => {
  let cluster: Cluster;
  let who: Operator;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
  });
  afterAll(() => cluster?.stop());

  const runOf = async (...flags: ReadonlyArray<string>) => {
    const args = ["upgrade", who.identityFile, "--output", "json", "--settle-time", "2s", ...flags];
    const { code, stdout } = await tare(who, args);
    const { error, hints } = summaryOf(printedLines(stdout));
    return { code, error, hints, stdout };
  };

  /** Plan and upgrade end alike with nothing written; then the commands that were printed are pasted. */
  const isMended = async (error: string, why: RegExp) => {
    const planned = await runOf("--plan");
    const { code, error: found, hints, stdout } = await runOf();
    expect([code, found?.code], stdout.slice(-3000)).toEqual([10, error]);
    expect([planned.code, planned.error?.code]).toEqual([10, error]);
    expect(found?.why.join("; ")).toMatch(why);
    const commands = hints.flatMap((hint) => hint.commands);
    for (const command of commands.filter((one) => !one.startsWith("tare "))) {
      const pasted = await run(cluster, "sh", ["-c", `cd '${who.home}' && ${command}`]);
      expect(pasted.code, `${command}\n${pasted.stderr}`).toBe(0);
    }
    const after = await runOf("--plan");
    expect(after.code, JSON.stringify(after.error)).toBe(3);
  };

  it.each([
    ["empty", () => ""],
    ["truncated", (good: string) => good.slice(0, Math.floor(good.length / 2 / 4) * 4)],
    ["of another type", () => encodeRecord({ name: "tars", version: "2" })],
    ["another revision", (good: string) => good],
  ])("that are damaged (%s) are named with the way out", async (_, damage) => {
    const good = (await readSecret(who, 1)).data.release;
    await putRecord(who, 2, damage(good));
    await isMended("RecordsDamaged", /sh\.helm\.release\.v1\.tars\.v2/);
    expect(await states(who)).toBe("1 deployed");
  });

  it("without labels that have the name of the next one, too", async () => {
    await putRecord(who, 2, "", {});
    await isMended("RecordsDamaged", /sh\.helm\.release\.v1\.tars\.v2/);
  });

  it("that are not what they are labelled are named with the label to put back", async () => {
    const record = decodeRecord(await readSecret(who, 1));
    record.version = 2;
    record.info.status = "failed";
    await putRecord(who, 2, encodeRecord(record));
    await isMended("RecordsDamaged", /label status says deployed, and the record says failed/);
    await kubectl(cluster, ["delete", ...recordWords(2)]);
  });

  it("with an API that is gone are rewritten by the command that is printed", async () => {
    await editRecord(who, 1, (record) => {
      record.manifest += BUDGET;
    });
    await isMended("StoredApisGone", /stored-budget.*policy\/v1beta1/);
    expect(decodeRecord(await readSecret(who, 1)).manifest).toContain("apiVersion: policy/v1\n");
  });

  it("must have room in the quota for two more", async () => {
    const used = (await kubectl(cluster, ["get", "secrets", "-n", "tars-system", "-o", "name"]))
      .trim()
      .split("\n").length;
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: "tars-system" },
      // The identity comes beside them.
      spec: { hard: { "count/secrets": String(used + 2) } },
    };
    await kubectl(cluster, ["apply", "-f", "-"], { input: quota });
    const counted = ["--for=jsonpath={.status.used}", "resourcequota/few", "-n", "tars-system"];
    await kubectl(cluster, ["wait", ...counted]);
    await isMended(
      "PreflightFailed",
      /quota few .* of \d+ count\/secrets in use.* room for 3 more/,
    );
    const upgraded = await runOf();
    expect(upgraded.code, upgraded.stdout.slice(-3000)).toBe(0);
    expect(await states(who)).toBe("1 superseded, 2 deployed");
    await kubectl(cluster, ["delete", "resourcequota", "few", "-n", "tars-system"]);
  });
});
