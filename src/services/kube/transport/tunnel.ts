/** Connections through a proxy. Names are resolved at the proxy: its network is the one that knows them. */
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { hostPort } from "../kubeconfig/server.ts";
import type { ProxyServer } from "./proxy.ts";

const CONNECT_TIMEOUT_MILLIS = 30_000;

interface Destination {
  readonly host: string;
  readonly port: number;
}

export const proxyAuthorization = ({ username, password }: ProxyServer): Record<string, string> =>
  username === "" && password === ""
    ? {}
    : {
        "proxy-authorization": `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      };

const throughHttp = (
  proxy: ProxyServer,
  tls: ConnectionOptions,
  destination: Destination,
): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const authority = hostPort(destination);
    const options: RequestOptions = {
      host: proxy.host,
      port: proxy.port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...proxyAuthorization(proxy) },
      agent: false,
      timeout: CONNECT_TIMEOUT_MILLIS,
    };
    // Like kubectl's, a proxy with TLS is trusted by the cluster's authority.
    const send =
      proxy.kind === "https"
        ? httpsRequest({ ...tls, ...options, servername: isIP(proxy.host) === 0 ? proxy.host : "" })
        : httpRequest(options);
    send.once("connect", (response, socket: Socket, head) => {
      if (response.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      reject(new Error(`the proxy refused with HTTP ${response.statusCode}`));
    });
    send.once("timeout", () => send.destroy(new Error("the proxy does not answer")));
    send.once("error", (cause) => reject(new Error(`proxy: ${cause.message}`)));
    send.end();
  });

const throughSocks = async (proxy: ProxyServer, destination: Destination): Promise<Socket> => {
  const { SocksClient } = await import("./socks.ts");
  const { username, password } = proxy;
  try {
    const { socket } = await SocksClient.createConnection({
      command: "connect",
      destination: { host: destination.host, port: destination.port },
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(username === "" ? {} : { userId: username, password }),
      },
      timeout: CONNECT_TIMEOUT_MILLIS,
    });
    return socket;
  } catch (cause) {
    throw new Error(`proxy: ${cause instanceof Error ? cause.message : "connection failed"}`);
  }
};

/** A connection to the destination's port through the proxy; `tls` is for a proxy that speaks it. */
export const openTunnel = (
  proxy: ProxyServer,
  tls: ConnectionOptions,
  destination: Destination,
): Promise<Socket> =>
  proxy.kind === "socks5" ? throughSocks(proxy, destination) : throughHttp(proxy, tls, destination);
