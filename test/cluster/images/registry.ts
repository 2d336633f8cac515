/** A real registry on loopback, in memory, behind a proxy that counts what is asked and can refuse it, or be gone. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const USER = "robot";
export const PASSWORD = "registry-password-0123456789";
/** bcrypt of the password, at its lowest cost. */
const HTPASSWD = `${USER}:$2a$04$AzLiRrpUWSX7vywlBXadK..lGdyJpZWXvlgo.RhkwfPM6J2DRgRuq\n`;

const listening = (server: { listen: (...args: [number, string, () => void]) => unknown }) =>
  new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));

const freePort = async (): Promise<number> => {
  const server = createTcpServer();
  await listening(server);
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
};

interface Refused {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly code: string;
}

export interface TestRegistry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Method and path without its query, in order. */
  readonly requests: Array<string>;
  readonly refuse: (refused: Refused) => void;
  readonly mend: () => void;
  /** From the request that fits on nobody answers any more. */
  readonly vanishAt: (method: string, path: RegExp) => void;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  readonly stop: () => Promise<void>;
}

export const startRegistry = async (
  program: string,
  { isPrivate = false }: { readonly isPrivate?: boolean } = {},
): Promise<TestRegistry> => {
  const folder = mkdtempSync(join(tmpdir(), "tare-registry-"));
  const behind = await freePort();
  const htpasswd = join(folder, "htpasswd");
  writeFileSync(htpasswd, HTPASSWD);
  const config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { inmemory: {} },
      http: { addr: `127.0.0.1:${behind}` },
      ...(isPrivate ? { auth: { htpasswd: { realm: "tare", path: htpasswd } } } : {}),
    }),
  );
  const child = spawn(program, ["serve", config], {
    stdio: "ignore",
    env: { OTEL_TRACES_EXPORTER: "none" },
  });

  const requests: Array<string> = [];
  const refusals: Array<Refused> = [];
  const sockets = new Set<Socket>();
  let end: { readonly method: string; readonly path: RegExp } | undefined;
  let isGone = false;

  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = "", url = "", headers } = request;
    const path = url.split("?")[0] ?? "";
    requests.push(`${method} ${path}`);
    if (end !== undefined && method === end.method && end.path.test(path)) isGone = true;
    if (isGone) return void request.socket.destroy();
    const refusal = refusals.find((one) => one.method === method && one.path.test(path));
    if (refusal !== undefined) {
      const { status, code } = refusal;
      const body = JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] });
      request.resume();
      return void response.writeHead(status, { "content-type": "application/json" }).end(body);
    }
    const onward = httpRequest(
      { host: "127.0.0.1", port: behind, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };
  const server = createServer(pass);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    if (isGone) socket.destroy();
  });
  await listening(server);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${behind}${path}`, {
      ...init,
      headers: { ...init.headers, ...(isPrivate ? { authorization } : {}) },
    });
  for (let tries = 0; ; tries++) {
    const isUp = await ask("/v2/").then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
    if (tries > 200) throw new Error("the registry does not start");
    await sleep(50);
  }
  return {
    host,
    requests,
    refuse: (refused) => void refusals.push(refused),
    mend: () => {
      refusals.length = 0;
      end = undefined;
      isGone = false;
    },
    vanishAt: (method, path) => {
      end = { method, path };
    },
    fetch: ask,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      child.kill("SIGKILL");
      await new Promise((done) => child.once("close", done));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
