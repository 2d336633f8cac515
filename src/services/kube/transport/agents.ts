/** Agents: who is trusted, what is shown to the server, and which way the connection takes. */
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  getCACertificates,
  type PeerCertificate,
} from "node:tls";
import type { Server } from "../kubeconfig/server.ts";
import type { ProxyServer } from "./proxy.ts";
import { openTunnel } from "./tunnel.ts";

interface Trust {
  readonly authority: string | undefined;
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

export interface Agents {
  /** For calls: connections are kept. */
  readonly calls: HttpAgent;
  /** For answers that do not end: each has a connection of its own, so that none is taken from short calls. */
  readonly streams: HttpAgent;
  /** No new request comes; those under way end in peace. */
  readonly retire: () => void;
}

/** As many connections as calls are under way, which is for the pace to say, kept open between them. */
const KEPT = { keepAlive: true } as const;

/** Node's own with what its variables add, and those of this machine, which Go's programs trust. */
const systemAuthorities = (): Array<string> => [
  ...getCACertificates("default"),
  ...getCACertificates("system"),
];

/** By the wanted name and never by the common name alone, which kubectl no longer takes. */
const identityCheck =
  (serverName: string | undefined) =>
  (host: string, certificate: PeerCertificate): Error | undefined =>
    certificate.subjectaltname === undefined
      ? new Error("the server's certificate names no host (subjectAltName)")
      : checkServerIdentity(serverName ?? host, certificate);

const tlsOptions = (trust: Trust): ConnectionOptions => {
  const { serverName, certificate } = trust;
  return {
    minVersion: "TLSv1.2",
    rejectUnauthorized: !trust.insecure,
    checkServerIdentity: identityCheck(serverName),
    // An authority below the root is enough, as it is for kubectl.
    allowPartialTrustChain: true,
    ...(trust.insecure ? {} : { ca: trust.authority ?? systemAuthorities() }),
    ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
    // An address is no name to ask a server for.
    ...(serverName === undefined ? {} : { servername: isIP(serverName) === 0 ? serverName : "" }),
  };
};

type Connected = (error: Error | null, socket?: Duplex) => void;

class TunnelHttpsAgent extends HttpsAgent {
  readonly #proxy: ProxyServer;
  readonly #server: Server;

  constructor(proxy: ProxyServer, server: Server, options: HttpsAgent["options"]) {
    super(options);
    this.#proxy = proxy;
    this.#server = server;
  }

  override createConnection(options: ConnectionOptions, connected: Connected): undefined {
    openTunnel(this.#proxy, options, this.#server).then(
      (socket) => connected(null, connect({ ...options, socket })),
      (cause: Error) => connected(cause),
    );
    return undefined;
  }
}

class TunnelHttpAgent extends HttpAgent {
  readonly #proxy: ProxyServer;
  readonly #server: Server;

  constructor(proxy: ProxyServer, server: Server, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#server = server;
  }

  override createConnection(_options: unknown, connected: Connected): undefined {
    openTunnel(this.#proxy, {}, this.#server).then(
      (socket) => connected(null, socket),
      (cause: Error) => connected(cause),
    );
    return undefined;
  }
}

const makeAgent = (
  server: Server,
  proxy: ProxyServer | undefined,
  tls: ConnectionOptions,
  kept: { readonly keepAlive?: boolean },
): HttpAgent => {
  if (server.isTls) {
    const options = { ...tls, ...kept };
    return proxy === undefined
      ? new HttpsAgent(options)
      : new TunnelHttpsAgent(proxy, server, options);
  }
  if (proxy?.kind === "socks5") return new TunnelHttpAgent(proxy, server, kept);
  // Plain requests go to a proxy as they are.
  return proxy?.kind === "https" ? new HttpsAgent({ ...tls, ...kept }) : new HttpAgent(kept);
};

export const makeAgents = (
  server: Server,
  proxy: ProxyServer | undefined,
  trust: Trust,
): Agents => {
  const tls = server.isTls || proxy?.kind === "https" ? tlsOptions(trust) : {};
  const calls = makeAgent(server, proxy, tls, KEPT);
  return {
    calls,
    streams: makeAgent(server, proxy, tls, {}),
    retire: () => {
      calls.maxFreeSockets = 0;
      for (const sockets of Object.values(calls.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
  };
};
