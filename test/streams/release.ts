import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { applyCrds, kubectl } from "../cluster/cluster.ts";
import { awaitDataPlane, currentCrds, helm, type Operator } from "../cluster/e2e/tare.ts";
import { installOlder, olderNodeValues, startBackend } from "../cluster/node/older-release.ts";
import type { StreamsOptions } from "./options.ts";
import { DATA_PLANE } from "./proxies.ts";

const CHART = join(import.meta.dirname, "../../chart");

/** The release that the streams run through, its proxies as many and as patient as asked for. */
export const bringUpRelease = async (who: Operator, options: StreamsOptions): Promise<void> => {
  const { from, runningDrain, replicas, everything } = options;
  if (from === "1.1.0") {
    const values = olderNodeValues({ rateLimiting: everything, telemetry: everything });
    await installOlder(who.cluster, { helm: who.helm, values });
    if (runningDrain !== undefined) await setDrain(who, runningDrain);
  } else {
    await installCurrent(who, options);
    await startBackend(who.cluster);
  }
  // Without metrics the autoscaler leaves it at that.
  const scale = ["scale", "deployment/egress", ...DATA_PLANE, `--replicas=${replicas}`];
  await kubectl(who.cluster, scale);
  await awaitDataPlane(who);
};

/** The older chart has no value for it. */
const setDrain = async ({ cluster }: Operator, seconds: number): Promise<void> => {
  const patch = { spec: { shutdown: { drainTimeout: `${seconds}s` } } };
  const proxy = ["envoyproxy", "tars-egress", "--namespace", "tars-system"];
  await kubectl(cluster, ["patch", ...proxy, "--type=merge", "--patch", JSON.stringify(patch)]);
  const grace = `jsonpath={.spec.template.spec.terminationGracePeriodSeconds}=${seconds + 300}`;
  const deployment = ["deployment/egress", ...DATA_PLANE];
  await kubectl(cluster, ["wait", `--for=${grace}`, "--timeout=60s", ...deployment]);
};

/** With the older release's Envoy, or an upgrade would leave the proxies as they are. */
const installCurrent = async (
  who: Operator,
  { runningDrain: drain, everything }: StreamsOptions,
): Promise<void> => {
  await applyCrds(who.cluster, currentCrds);
  const shutdown = {
    drainTimeout: `${drain}s`,
    minDrainDuration: `${Math.min(drain ?? 0, 5)}s`,
  };
  const values = {
    global: { customer: "acme", environment: "prod" },
    images: { envoy: { tag: "distroless-v1.37.0" } },
    rateLimiting: { enabled: everything },
    otelCollector: {
      enabled: everything,
      exporters: { otlp: { endpoint: "https://otel.example:4317" } },
    },
    doctor: { enabled: false },
    ...(drain === undefined ? {} : { shutdown }),
  };
  const file = join(who.home, "values.yaml");
  writeFileSync(file, stringify(values));
  const where = ["--namespace", "tars-system", "--create-namespace"];
  const wait = ["--wait", "--timeout", "3m"];
  await helm(who, ["install", "tars", CHART, ...where, "--values", file, ...wait]);
};
