/** The secrets of an installation, looked for wherever they could have come to: as in secrets.test.ts for the upgrade. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  applyCrds,
  type Cluster,
  followEnvoyGateway,
  type RunResult,
  startCluster,
} from "../cluster.ts";
import { spareWebhook } from "./install-suite.ts";
import { filesUnder, spyOn } from "./spying.ts";
import { type Operator, objects, olderChart, olderCrds, operator, tare } from "./tare.ts";

const PASSWORD = "pull-password-nobody-may-see";
const AUTH = Buffer.from(`robot:${PASSWORD}`).toString("base64");
const CONFIG = JSON.stringify({ auths: { "gcr.io": { auth: AUTH } } });

describe("the secrets of an installation", () => {
  let cluster: Cluster;
  let who: Operator;
  let log: string;
  let keyLine: string;
  let secrets: ReadonlyArray<string>;
  let runs: ReadonlyArray<RunResult>;
  let before: ReadonlySet<string>;

  beforeAll(async () => {
    cluster = await startCluster();
    who = operator(cluster, "helm4");
    await followEnvoyGateway(cluster);
    await applyCrds(cluster, olderCrds);
    const config = join(who.home, "config.json");
    writeFileSync(config, CONFIG, { mode: 0o600 });
    const spy = spyOn(who);
    log = spy.log;
    keyLine = who.privateKey.split("\n")[1] as string;
    secrets = [keyLine, PASSWORD, AUTH, Buffer.from(CONFIG).toString("base64")];
    before = new Set(filesUnder(who.home));
    const given = ["install", who.identityFile, "--yes", "--settle-time", "3s"];
    const chart = ["--chart-path", olderChart, "--image-registry", "gcr.io/acme/tars"];
    const file = ["--image-pull-secret", `@${config}`];
    const values = ["--values-out", join(who.home, "values.yaml")];
    const run = (...more: ReadonlyArray<string>) =>
      tare(who, [...given, ...chart, ...more], { TARE_HELM: spy.helm });
    runs = [
      await run(...file, "--plan"),
      await run(...file, ...values),
      ...(await Promise.all([run(...file), spareWebhook(cluster)])).slice(0, 1),
      await tare(who, [...given, ...chart, "--customer", "acme", "--output", "json"], {
        ...{ TARE_HELM: spy.helm, TARE_IMAGE_PULL_SECRET: CONFIG },
      }),
    ] as ReadonlyArray<RunResult>;
  });
  afterAll(() => cluster.stop());

  it("go through a plan, values for others, an installation and a change", () => {
    expect(runs.map(({ code }) => code)).toEqual([3, 0, 0, 0]);
  });

  it("are in no output", () => {
    for (const { stdout, stderr } of runs) {
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("are neither arguments nor environment of a process, and the values file is the owner's alone", () => {
    const calls = readFileSync(log, "utf8");
    expect(calls).toContain("ARGS upgrade tars");
    for (const secret of secrets) expect(calls).not.toContain(secret);
    expect(new Set(calls.match(/^MODE .*/gm))).toEqual(new Set(["MODE 600"]));
  });

  it("do not reach Helm's records, events and ConfigMaps, nor any Secret but their own", async () => {
    const all = await objects(who, "secrets", "--all-namespaces");
    const holding = all.filter(({ data = {} }) =>
      Object.entries<string>(data).some(([key, value]) => {
        const plain = Buffer.from(value, "base64");
        const text = key === "release" ? unpacked(plain.toString()) : plain.toString();
        return secrets.some((secret) => text.includes(secret));
      }),
    );
    expect(holding.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort()).toEqual([
      "tars-dataplane/tars-image-pull",
      "tars-system/tars-identity",
      "tars-system/tars-image-pull",
    ]);
    const configMaps = JSON.stringify(await objects(who, "configmaps", "--all-namespaces"));
    for (const secret of secrets) expect(configMaps).not.toContain(secret);
  });

  it("are in no file left behind, the values for others among them", () => {
    const left = filesUnder(who.home).filter((file) => !before.has(file));
    expect(left.some((file) => file.endsWith("/values.yaml"))).toBe(true);
    for (const file of left) {
      const text = readFileSync(file, "utf8");
      for (const secret of secrets) expect(text, file).not.toContain(secret);
    }
    for (const file of left.filter((one) => /\/\.tare\/|values\.yaml$/.test(one))) {
      expect(statSync(file).mode & 0o077).toBe(0);
    }
  });
});

const unpacked = (text: string): string => gunzipSync(Buffer.from(text, "base64")).toString();
