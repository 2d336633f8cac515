import { join } from "node:path";
import { type Cluster, kubectl } from "../cluster/cluster.ts";
import { partFolder } from "../cluster/node/parts.ts";
import { streams } from "../cluster/node/programs.ts";
import { type ClientResult, parseClient } from "./client.ts";
import type { StreamsOptions } from "./options.ts";
import { DATA_PLANE } from "./proxies.ts";

export interface Load {
  /** Begins no more streams; resolves when the open ones have ended, or at once when they need not be waited for. */
  readonly stop: (open: "wait" | "leave") => Promise<ClientResult>;
  readonly kill: () => void;
}

/** Longer than any run, which stops it. */
const FOREVER = "-for=1h";

export const startLoad = (cluster: Cluster, url: string, options: StreamsOptions): Load => {
  const { child, result } = startClient(cluster, url, [
    FOREVER,
    `-clients=${options.clients}`,
    `-length=${options.length}s`,
    `-keep-alive=${options.keepAlive}`,
    `-http2=${options.http2}`,
  ]);
  return {
    stop: async (open) => {
      child.kill("SIGTERM");
      // Another signal, or the two could become one.
      if (open === "leave") child.kill("SIGINT");
      return result;
    },
    kill: () => {
      child.kill("SIGKILL");
    },
  };
};

/** Of the Gateway's Service, from where Services can be reached. */
export const gatewayUrl = async (cluster: Cluster): Promise<string> => {
  const address = ["service", "egress", ...DATA_PLANE, "--output", "jsonpath={.spec.clusterIP}"];
  return `http://${await kubectl(cluster, ["get", ...address])}/v1/chat/completions`;
};

/** Resolves when a stream gets through: the proxies know the route some time after it was made. */
export const awaitRoute = async (cluster: Cluster, url: string): Promise<void> => {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const args = ["-for=1s", "-clients=1", "-length=1s"];
    const { failed } = await startClient(cluster, url, args).result;
    if (failed.length === 0) return;
    if (Date.now() > deadline) throw new Error(`no stream gets through: ${failed[0]?.error}`);
  }
};

const startClient = (cluster: Cluster, url: string, args: ReadonlyArray<string>) => {
  if (cluster.node === undefined) throw new Error("the cluster has no real node");
  const program = join(partFolder(streams), "streams");
  const child = cluster.node.spawn(program, ["client", `-url=${url}`, ...args]);
  let output = "";
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  const result = new Promise<ClientResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      const found = parseClient(output);
      if (found === undefined) reject(new Error(`the streams' client ended early:\n${said}`));
      else resolve(found);
    });
  });
  // It is looked at when the run is over, and may fail before.
  result.catch(() => {});
  return { child, result };
};
