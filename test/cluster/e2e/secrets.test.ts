import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster, RunResult } from "../cluster.ts";
import { filesUnder, spyOn } from "./spying.ts";
import {
  chartWith,
  clusterWithRelease,
  currentCrds,
  events,
  type Operator,
  objects,
  SECRET_HEADER,
  storedValues,
  upgrade,
} from "./tare.ts";

describe("secrets", () => {
  const newHeader = "Bearer the-header-of-this-very-run";
  let cluster: Cluster;
  let who: Operator;
  let log: string;
  let secrets: ReadonlyArray<string>;
  let runs: ReadonlyArray<RunResult>;
  let before: ReadonlySet<string>;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    const headerFile = join(who.home, "header");
    writeFileSync(headerFile, newHeader, { mode: 0o600 });
    const spy = spyOn(who);
    log = spy.log;
    const keyLine = who.privateKey.split("\n")[1] as string;
    secrets = [keyLine, SECRET_HEADER, newHeader, "the-header-of-this-very-run"];
    const failing = chartWith(who, (values) => {
      values.images = { otelCollector: { tag: "never-ready" } };
    });
    const unrenderable = chartWith(who, (values) => {
      values.otelCollector.replicas = "many";
    });
    before = new Set(filesUnder(who.home));
    const env = { TARE_HELM: spy.helm };
    const header = ["--otel-exporter-auth-headers", `@${headerFile}`];
    runs = [
      await upgrade(who, [...header, "--chart-path", unrenderable], env),
      await upgrade(who, [...header, "--chart-path", failing, "--timeout", "20s"], env),
      await upgrade(who, [...header, "--log-level", "debug"], env),
    ];
  });
  afterAll(() => cluster.stop());

  it("go through a refusal by the chart, a rollback and a success, each with a new header", () => {
    expect(runs.map(({ code }) => code)).toEqual([23, 20, 0]);
  });

  it("are in no output", () => {
    for (const { stdout, stderr } of runs) {
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("are neither arguments nor environment of a process, and the values file is the owner's alone", () => {
    const calls = readFileSync(log, "utf8");
    expect(calls).toContain("ARGS upgrade tars");
    expect(calls).not.toContain("--set");
    for (const secret of secrets) expect(calls).not.toContain(secret);
    expect(new Set(calls.match(/^MODE .*/gm))).toEqual(new Set(["MODE 600"]));
  });

  it("do not reach Helm's stored values, but for the header that is one of them", async () => {
    const values = JSON.stringify(await storedValues(who));
    expect(values).toContain(newHeader);
    expect(values).not.toContain("PRIVATE KEY");
    const releases = await objects(who, "secrets", "--all-namespaces", "-l", "owner=helm");
    for (const { data } of releases) {
      const text = Buffer.from(data.release, "base64").toString();
      const record = gunzipSync(Buffer.from(text, "base64")).toString();
      expect(record).not.toContain(secrets[0]);
    }
  });

  it("are in no event and in no ConfigMap", async () => {
    expect(await events(who)).toHaveLength(3);
    const configMaps = JSON.stringify(await objects(who, "configmaps", "--all-namespaces"));
    for (const secret of secrets) expect(configMaps).not.toContain(secret);
  });

  it("are in no file left behind", () => {
    const left = filesUnder(who.home).filter((file) => !before.has(file));
    expect(left.filter((file) => file.includes("tare-values"))).toEqual([]);
    for (const file of left) {
      const text = readFileSync(file, "utf8");
      for (const secret of secrets) expect(text, file).not.toContain(secret);
    }
    for (const file of left.filter((one) => one.includes("/.tare/"))) {
      expect(statSync(file).mode & 0o077).toBe(0);
    }
  });
});
