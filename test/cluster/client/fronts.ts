/** What may stand between an operator and the API server, each on a loopback port of its own. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps, request } from "node:https";
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Server,
  type Socket,
} from "node:net";
import type { Pair } from "./certificates.ts";

export const PREFIX = "/k8s/clusters/c-m-abcdef";

export interface Fronts {
  /** `kubectl proxy`, an SSH tunnel: plain HTTP, and the administrator's rights. */
  readonly plain: number;
  /** Rancher's way, over TLS with a certificate of its own. */
  readonly prefixed: number;
  /** A proxy for `CONNECT` and plain requests: whatever host is asked for leads to the API server. */
  readonly proxy: number;
  /** The same, which wants a name and a password. */
  readonly closedProxy: number;
  readonly socks: number;
  /** The API server on `[::1]`. */
  readonly v6: number;
  /** An OpenID Connect issuer that gives everybody the same id-token. */
  readonly issuer: number;
  /** What the proxies were asked for, oldest first. */
  readonly asked: ReadonlyArray<string>;
  readonly close: () => void;
}

export const PROXY_LOGIN = "proxy-user:proxy-p%40ss";

const pipe = (one: Socket, other: Socket): void => {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
};

export const startFronts = async (
  api: number,
  admin: string,
  certificate: Pair,
  idToken: string,
): Promise<Fronts> => {
  const asked: Array<string> = [];
  const servers: Array<Server> = [];
  const sockets = new Set<Socket>();

  const listen = async (server: Server, host = "127.0.0.1"): Promise<number> => {
    servers.push(server);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      // Clients that are turned away do not wait for the end.
      socket.on("error", () => undefined);
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise<void>((done) => server.listen(0, host, done));
    return (server.address() as AddressInfo).port;
  };

  const forward = (
    incoming: IncomingMessage,
    response: ServerResponse,
    path: string,
    headers: object = {},
  ) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: api,
        method: incoming.method,
        path,
        headers: { ...incoming.headers, ...headers },
        rejectUnauthorized: false,
      },
      (answered) => {
        answered.on("error", () => response.destroy());
        response.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(response);
      },
    );
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
    response.on("close", () => outgoing.destroy());
  };

  const plain = createHttp((incoming, response) =>
    forward(incoming, response, incoming.url ?? "/", { authorization: `Bearer ${admin}` }),
  );
  const prefixed = createHttps(
    { key: certificate.key, cert: certificate.cert },
    (incoming, response) => {
      const url = incoming.url ?? "";
      if (url.startsWith(`${PREFIX}/`)) forward(incoming, response, url.slice(PREFIX.length));
      else response.writeHead(404).end("no such cluster");
    },
  );

  const proxy = (login?: string) => {
    const wanted = login && `Basic ${Buffer.from(decodeURIComponent(login)).toString("base64")}`;
    const mayPass = ({ headers }: IncomingMessage) =>
      wanted === undefined || headers["proxy-authorization"] === wanted;
    const server = createHttp((incoming, response) => {
      asked.push(`${incoming.method} ${incoming.url}`);
      if (!mayPass(incoming)) return void response.writeHead(407).end();
      const { pathname, search } = new URL(incoming.url ?? "");
      forward(incoming, response, `${pathname}${search}`, { authorization: `Bearer ${admin}` });
    });
    server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
      asked.push(`CONNECT ${incoming.url}`);
      if (!mayPass(incoming))
        return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      const up = connect(api, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        pipe(socket, up);
      });
      up.on("error", () => socket.destroy());
      socket.on("error", () => up.destroy());
    });
    return server;
  };

  const socks = createTcp((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(Buffer.from([5, 0]));
      socket.once("data", (wish: Buffer) => {
        const isName = wish[3] === 3;
        asked.push(
          `SOCKS ${isName ? wish.subarray(5, 5 + (wish[4] ?? 0)).toString() : "an address"}`,
        );
        const up = connect(api, "127.0.0.1", () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          pipe(socket, up);
        });
      });
    });
  });

  const issuer = createHttps(
    { key: certificate.key, cert: certificate.cert },
    ({ url, headers }, response) => {
      const address = `https://${headers.host}`;
      const answer =
        url === "/token"
          ? { access_token: "x", token_type: "Bearer", id_token: idToken, refresh_token: "next" }
          : { issuer: address, token_endpoint: `${address}/token` };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    },
  );

  return {
    plain: await listen(plain),
    prefixed: await listen(prefixed),
    proxy: await listen(proxy()),
    closedProxy: await listen(proxy(PROXY_LOGIN)),
    socks: await listen(socks),
    issuer: await listen(issuer),
    v6: await listen(
      createTcp((socket) => pipe(socket, connect(api, "127.0.0.1"))),
      "::1",
    ),
    asked,
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
