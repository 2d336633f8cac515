import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { Effect, Layer } from "effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChartReference } from "../../../src/domain/run/upgrade-options.ts";
import { layerChartFiles } from "../../../src/services/chart/ChartFiles.ts";
import { type Chart, ChartSource } from "../../../src/services/chart/ChartSource.ts";
import { layerHelmBinary } from "../../../src/services/helm/HelmBinary.ts";
import { layerKubectlApi } from "../../../src/services/kube/KubectlApi.ts";
import { ToolCache } from "../../../src/services/tools/ToolCache.ts";
import { toolPath } from "../tools.ts";
import { olderChart } from "./tare.ts";

/** Charts that are not embedded: no cluster is needed to read one, but a real Helm is, to pull it. */
describe.each(["helm3", "helm4"] as const)("a chart read with %s", (major) => {
  let folder: string;
  let archive: string;
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tare-charts-"));
    execFileSync(toolPath(major), ["package", olderChart, "--destination", folder]);
    archive = join(folder, "tars-1.1.0.tgz");
    server = createServer((request, response) => {
      const known = request.url === "/charts/tars-1.1.0.tgz";
      response.writeHead(known ? 200 : 404).end(known ? readFileSync(archive) : "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/charts`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const resolve = (reference: ChartReference, look: (chart: Chart) => void = () => {}) => {
    const nowhere = { kubeconfig: join(folder, "none"), context: undefined };
    const tools = Layer.succeed(
      ToolCache,
      ToolCache.of({
        locate: (name) => Effect.succeed({ name, path: toolPath(major), origin: "environment" }),
      }),
    );
    const services = layerChartFiles.pipe(
      Layer.provide(layerHelmBinary(nowhere)),
      Layer.provide([tools, layerKubectlApi(nowhere)]),
      Layer.provide(NodeServices.layer),
    );
    return Effect.gen(function* () {
      const charts = yield* ChartSource;
      const chart = yield* charts.resolve(reference);
      look(chart);
      return chart;
    }).pipe(Effect.scoped, Effect.provide(services), Effect.runPromise);
  };

  const expectOlder = (chart: Chart) => {
    expect(chart).toMatchObject({ name: "tars", version: "1.1.0", embedded: false, crds: [] });
    expect(chart.defaults.ha).toMatchObject({ enabled: false });
    expect(readdirSync(chart.directory)).toContain("Chart.yaml");
  };

  it("comes from a directory", async () => {
    await resolve({ _tag: "Local", path: olderChart }, expectOlder);
  });

  it("comes from an archive, which is unpacked for as long as it is needed", async () => {
    const chart = await resolve({ _tag: "Local", path: archive }, expectOlder);
    expect(() => readdirSync(chart.directory)).toThrow();
  });

  it("comes from an HTTP server", async () => {
    const url = `${origin}/tars-1.1.0.tgz`;
    await resolve({ _tag: "Remote", url, version: undefined }, expectOlder);
  });

  it("says what is wrong with one that cannot be had", async () => {
    const missing = resolve({ _tag: "Remote", url: `${origin}/nope.tgz`, version: undefined });
    await expect(missing).rejects.toThrow(/nope\.tgz.*404/);
    const registry = "oci://127.0.0.1:1/charts/tars";
    const unreachable = resolve({ _tag: "Remote", url: registry, version: "1.1.0" });
    await expect(unreachable).rejects.toThrow(/127\.0\.0\.1:1.*refused/);
    const nothing = resolve({ _tag: "Local", path: join(folder, "nothing") });
    await expect(nothing).rejects.toThrow(/no such file or directory/);
    const notAChart = resolve({ _tag: "Local", path: folder });
    await expect(notAChart).rejects.toThrow(/no Chart\.yaml/);
  });
});
