import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startApiServer, stopApiServer } from "../cluster.ts";
import {
  awaitDataPlane,
  chartWith,
  clusterWithRelease,
  currentCrds,
  events,
  helm,
  history,
  type Operator,
  objects,
  startUpgrade,
  states,
  upgrade,
} from "./tare.ts";

/** What Helm cannot see, on one release of which each upgrade but the named ones fails. */

const dataPlaneTag = (who: Operator, tag: string): string =>
  chartWith(who, (values) => {
    values.images = { envoy: { tag } };
  });

/** Of the proxies in rotation: those that were handed over have lost their template's label. */
const liveImages = async (who: Operator): Promise<ReadonlyArray<string>> => {
  const inRotation = ["--namespace", "tars-dataplane", "-l", "pod-template-hash"];
  const pods = await objects(who, "pods", ...inRotation);
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(
      ({ spec }) => spec.containers.find(({ name }: { name: string }) => name === "envoy").image,
    );
};

describe("a rollout", () => {
  let cluster: Cluster;
  let who: Operator;
  let goodImages: ReadonlyArray<string>;

  beforeAll(async () => {
    ({ cluster, who } = await clusterWithRelease("helm4", { crds: currentCrds }));
    expect((await upgrade(who)).code).toBe(0);
    goodImages = await liveImages(who);
  });
  afterAll(() => cluster.stop());

  it("whose new proxies have no image is a success to bare Helm", async () => {
    const chart = dataPlaneTag(who, "1.9.9-no-such-image");
    const values = JSON.parse(
      await helm(who, ["get", "values", "tars", "-n", "tars-system", "-o", "json"]),
    );
    const file = join(chart, "given.json");
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
    const flags = ["--values", file, "--reset-values", "--skip-crds", "--wait", "--timeout", "2m"];
    const said = await helm(who, [
      ...["upgrade", "tars", chart, "--install", "--namespace", "tars-system"],
      ...[...flags, "--rollback-on-failure"],
    ]);
    expect(said).toContain("has been upgraded. Happy Helming!");
    expect(await states(who)).toBe("1 superseded, 2 superseded, 3 deployed");
    await helm(who, ["rollback", "tars", "2", "--namespace", "tars-system", "--wait"]);
    await awaitDataPlane(who);
  });

  it("whose new proxies have no image is rolled back by tare, which says why", async () => {
    const chart = dataPlaneTag(who, "1.9.9-no-such-image");
    const startedAt = Date.now();
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "10m"]);
    const took = Date.now() - startedAt;
    expect(stderr).toContain("needs an image that does not exist");
    expect(code).toBe(20);
    expect(took).toBeLessThan(120_000);
    expect((await history(who)).slice(-2)).toMatchObject([
      { revision: 5, status: "superseded", description: "Upgrade complete" },
      { revision: 6, status: "deployed", description: "Rollback to 4" },
    ]);
    expect(await liveImages(who)).toEqual(goodImages);

    const image = "gcr.io/acme/tars/envoy:1.9.9-no-such-image";
    const failed = (await events(who)).at(-1);
    expect(failed).toMatchObject({ operation: "upgrade", status: "failed", helm_revision: 5 });
    expect(failed.error_summary).toMatch(/pod tars-dataplane\/egress-\w+-\w+, container envoy/);
    expect(failed.error_summary).toContain(image);
    expect(failed.error_summary).toContain("not found");
    expect(stderr).toContain("--image-sync gcr.io/acme/tars --sync-only");

    const folder = join(who.home, ".tare", "reports");
    const [name = ""] = readdirSync(folder);
    const report = join(folder, name);
    expect(stderr).toContain(report);
    expect(statSync(report).mode & 0o777).toBe(0o600);
    const text = readFileSync(report, "utf8");
    expect(text).toContain(`Root cause: ${failed.error_summary}`);
    expect(text).toMatch(/Warning \w+.*: /);
  });

  it("of a release's own workload that has no image ends 20 s after that shows", async () => {
    const chart = chartWith(who, (values) => {
      values.images = { otelCollector: { tag: "no-such-image" } };
    });
    const run = startUpgrade(who, ["--chart-path", chart, "--timeout", "10m"]);
    const appeared = run.seen(/ErrImagePull|ImagePullBackOff/);
    const ended = run.seen(/Helm need not wait any longer/);
    await appeared;
    const since = Date.now();
    await ended;
    const took = Date.now() - since;
    const { code, stderr } = await run.exit;
    expect(took).toBeLessThan(20_000);
    expect(stderr).toMatch(/tars-otel-collector-\w+-\w+, container .* needs an image/);
    expect(code).toBe(20);
    const last = (await history(who)).slice(-2);
    expect(last[0]?.description).toContain("context canceled");
    expect(last[1]?.description).toMatch(/^Rollback to 6$/);
  });

  it("of the rate limiter, which Envoy Gateway makes in the system namespace, is gated as well", async () => {
    const limiter = async () => {
      const found = await objects(who, "deployments", "--namespace", "tars-system");
      return found.find(({ metadata }) => metadata.name === "envoy-ratelimit");
    };
    const image = (await limiter())?.spec.template.spec.containers[0].image;
    const chart = chartWith(who, (values) => {
      values.images = { rateLimit: { tag: "no-such-image" } };
    });
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "5m"]);
    expect(stderr).toMatch(/pod tars-system\/envoy-ratelimit-\S+, container .* needs an image/);
    expect(stderr).toContain("Envoy Gateway's envoy-ratelimit: ");
    expect(code).toBe(20);
    const restored = await limiter();
    expect(restored?.spec.template.spec.containers[0].image).toBe(image);
    expect(restored?.status.readyReplicas).toBe(restored?.spec.replicas);
    expect(restored?.status.unavailableReplicas).toBeUndefined();
    const failed = (await events(who)).at(-1);
    expect(failed?.error_summary).toContain("tars-system/envoy-ratelimit");
  });

  it("whose images were never synced ends in its first hook, not after Helm's whole wait", async () => {
    const before = await liveImages(who);
    const run = startUpgrade(who, ["--image-tag", "1.9.9-no-such-image", "--timeout", "10m"]);
    await run.seen(/hook envoy-gateway-certgen: 0\/1 ready/);
    const since = Date.now();
    await run.seen(/Helm need not wait any longer/);
    expect(Date.now() - since).toBeLessThan(20_000);
    const { code, stderr } = await run.exit;
    expect(code).toBe(20);
    expect(Date.now() - since).toBeLessThan(60_000);
    expect(stderr).toMatch(
      /pod tars-system\/envoy-gateway-certgen-\w+, container \S+ \(image \S+:1\.9\.9-no-such-image\) needs an image that does not exist/,
    );
    expect(stderr).toContain("--sync-only");
    expect((await events(who)).at(-1).error_summary).toContain(
      "needs an image that does not exist",
    );
    expect(await liveImages(who)).toEqual(before);
  });

  it("of proxies that crash ends after the third restart", async () => {
    const chart = dataPlaneTag(who, "crash-loop");
    const { code, stderr } = await upgrade(who, ["--chart-path", chart, "--timeout", "10m"]);
    expect(stderr).toMatch(/container envoy .* keeps crashing: .*exit code 1, restarted 3 times/);
    expect(code).toBe(20);
    expect(await liveImages(who)).toEqual(goodImages);
  });

  it("goes on through a registry that is away for 40 s, and an API server that is restarted", async () => {
    const chart = dataPlaneTag(who, "registry-blip");
    const run = startUpgrade(who, ["--chart-path", chart, "--timeout", "5m"]);
    await run.seen(/data plane egress: .*(ErrImagePull|ImagePullBackOff)/);
    await stopApiServer(cluster);
    await startApiServer(cluster);
    const { code, stderr } = await run.exit;
    expect(stderr).toContain("Upgrade completed.");
    expect(code).toBe(0);
    expect(await liveImages(who)).toEqual(
      goodImages.map(() => "gcr.io/acme/tars/envoy:registry-blip"),
    );
  });
});
