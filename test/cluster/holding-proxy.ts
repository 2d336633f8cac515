import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";
import { controlPlane } from "./cluster.ts";

/** One request on its way to the API server. */
export interface Passing {
  /** `tare` or `helm`: by the user agent. */
  readonly from: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
}

export interface Hold {
  readonly is: (passing: Passing) => boolean;
  /** Which of those that match, from 1. */
  readonly nth?: number;
  /** Before the API server has seen it, or after it did what was asked and before its answer arrives. */
  readonly when: "before" | "after";
}

export interface Held {
  readonly passing: Passing;
  /** Lets it go on; what its client left behind meanwhile never reaches the API server. */
  readonly release: () => void;
}

/** Stands in front of the API server and stops one chosen request where a test wants to look, or to kill. */
export interface HoldingProxy {
  readonly kubeconfig: string;
  /** Resolves once such a request is held. One at a time. */
  readonly hold: (hold: Hold) => Promise<Held>;
  /** Whatever is held goes on, and nothing is held any more. */
  readonly clear: () => void;
  readonly close: () => Promise<void>;
}

const READS = new Set(["GET", "HEAD"]);

const passingOf = (incoming: IncomingMessage, body: Buffer): Passing => {
  const agent = incoming.headers["user-agent"] ?? "";
  return {
    from: agent.startsWith("Helm/") ? "helm" : agent,
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    body: body.toString(),
  };
};

export const isWrite = ({ method, path }: Passing): boolean =>
  !READS.has(method) && !path.includes("dryRun=All");

interface Armed {
  readonly hold: Hold;
  seen: number;
  readonly caught: (held: Held) => void;
}

export async function startHoldingProxy(cluster: Cluster): Promise<HoldingProxy> {
  const plane = controlPlane(cluster);
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  let armed: Armed | undefined;
  const releases = new Set<() => void>();

  const strike = (passing: Passing, when: Hold["when"]): Promise<void> | undefined => {
    if (armed === undefined || armed.hold.when !== when || !armed.hold.is(passing)) return;
    armed.seen += 1;
    if (armed.seen < (armed.hold.nth ?? 1)) return;
    const { caught } = armed;
    armed = undefined;
    return new Promise((resolve) => {
      const release = () => {
        releases.delete(release);
        resolve();
      };
      releases.add(release);
      caught({ passing, release });
    });
  };

  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Array<Buffer> = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const passing = passingOf(incoming, body);
    await strike(passing, "before");
    if (outgoing.destroyed || incoming.socket.destroyed) return;
    const upstream = request(
      {
        host: "127.0.0.1",
        port: plane.ports.api,
        agent,
        method: passing.method,
        path: passing.path,
        headers: {
          ...incoming.headers,
          host: `127.0.0.1:${plane.ports.api}`,
          authorization: `Bearer ${plane.tokens.admin}`,
        },
      },
      async (answer) => {
        await strike(passing, "after");
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.once("error", () => outgoing.destroy());
    outgoing.once("close", () => upstream.destroy());
    upstream.end(body);
  };

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // On a busy machine a client must not meet a connection that is being closed for being idle.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(cluster.dir, "holding-proxy.kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "held",
    contexts: [{ name: "held", context: { cluster: "held", user: "held" } }],
    clusters: [
      {
        name: "held",
        cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    users: [{ name: "held", user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  const clear = () => {
    armed = undefined;
    for (const release of [...releases]) release();
  };
  return {
    kubeconfig,
    hold: (hold) =>
      new Promise((caught) => {
        armed = { hold, seen: 0, caught };
      }),
    clear,
    close: () => {
      clear();
      agent.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
