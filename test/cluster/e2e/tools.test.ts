import { copyFileSync, createReadStream, mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { create } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listen } from "../../tools/mirror.ts";
import {
  type Ended,
  filesBelow,
  HELM_PATH,
  KUBECTL_PATH,
  PLATFORM,
  pinsFor,
  startTare,
} from "../../tools/support.ts";
import type { Cluster } from "../cluster.ts";
import { clusterWithRelease, folder, type Operator, states } from "./tare.ts";

/** The real helm and kubectl arrive from a mirror, as they would from the projects, and then do the work. */
describe("tare upgrade on a machine without helm and kubectl", () => {
  let cluster: Cluster;
  let who: Operator;
  let mirror: Server;
  const requests: Array<string> = [];
  let first: Ended;
  let second: Ended;

  const serve = async (): Promise<string> => {
    const root = folder(who, "mirror");
    mkdirSync(join(root, PLATFORM));
    copyFileSync(cluster.helm4, join(root, PLATFORM, "helm"));
    const archive = join(root, "helm.tar.gz");
    await create({ file: archive, cwd: root, gzip: { level: 1 } }, [PLATFORM]);
    const files = new Map([
      [HELM_PATH, archive],
      [KUBECTL_PATH, cluster.kubectl],
    ]);
    mirror = createServer((request, response) => {
      requests.push(request.url ?? "");
      const file = files.get(request.url ?? "") ?? "";
      response.writeHead(200, { "content-length": statSync(file).size });
      createReadStream(file).pipe(response);
    });
    return `http://127.0.0.1:${await listen(mirror)}`;
  };

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4"));
    const url = await serve();
    const archive = readFileSync(join(who.home, "mirror/helm.tar.gz"));
    const pins = pinsFor(archive, readFileSync(cluster.kubectl));
    const given = Object.entries(cluster.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    );
    const run = (tools: string): Promise<Ended> => {
      const env = { ...Object.fromEntries(given), HOME: who.home, PATH: "/nonexistent" };
      const args = ["upgrade", who.identityFile, "--settle-time", "3s"];
      return startTare(who.home, args, { ...env, TARE_TOOLS_MIRROR: tools }, { pins }).ended;
    };
    first = await run(url);
    second = await run("http://127.0.0.1:1");
  });
  afterAll(async () => {
    mirror?.close();
    await cluster.stop();
  });

  it("downloads both once, and upgrades with them", async () => {
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect([...requests].sort()).toEqual([HELM_PATH, KUBECTL_PATH].sort());
    expect(filesBelow(join(who.home, ".tare/tools"))).toEqual([
      "helm/4.2.4/helm*",
      "helm/4.2.4/helm.sha256",
      "kubectl/1.36.4/kubectl*",
      "kubectl/1.36.4/kubectl.sha256",
    ]);
  });

  it("needs no network for the next upgrade", async () => {
    expect(second, second.stderr).toMatchObject({ code: 0 });
    expect(second.stderr).not.toContain("downloading");
    expect(await states(who)).toBe("1 superseded, 2 superseded, 3 deployed");
  });

  it("prints commands with the full paths of what it downloaded", () => {
    const tools = join(who.home, ".tare/tools");
    expect(first.stderr).toContain(`${tools}/helm/4.2.4/helm rollback tars 1 -n tars-system`);
    expect(first.stderr).toContain(`${tools}/kubectl/1.36.4/kubectl get pods -n tars-system`);
  });
});
