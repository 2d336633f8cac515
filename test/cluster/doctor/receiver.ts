/** A management plane on loopback that takes nothing on trust: schema and token of every event are checked. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { importSPKI, type JWTVerifyResult, jwtVerify } from "jose";

const root = join(import.meta.dirname, "../../..");
const schema = JSON.parse(readFileSync(join(root, "docs/install-event.schema.json"), "utf8"));

export interface ReceivedEvent {
  readonly event_id: string;
  readonly operation: string;
  readonly status: string;
  readonly helm_revision?: number;
  readonly error_summary?: string;
  readonly source: string;
}

export type Treatment = (
  event: ReceivedEvent,
  response: ServerResponse,
  request: IncomingMessage,
) => "taken" | "refused";

export const accept: Treatment = (_, response) => {
  response.writeHead(202).end();
  return "taken";
};

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}): Treatment =>
  (_, response) => {
    response.writeHead(status, headers).end("the receiver's reason");
    return "refused";
  };

export const reset: Treatment = (_, __, request) => {
  request.socket.destroy();
  return "refused";
};

export interface Receiver {
  readonly url: string;
  readonly received: Array<ReceivedEvent>;
  /** Serve URLs, by workspace. */
  readonly serveUrls: Map<string, string>;
  readonly tokens: Array<JWTVerifyResult>;
  /** What was wrong with requests; empty as long as the doctor keeps to the contract. */
  readonly objections: Array<string>;
  treat: Treatment;
  /** `revision operation status`, one a row. */
  rows(): ReadonlyArray<string>;
  forget(): void;
  close(): Promise<void>;
}

export interface Key {
  readonly alg: string;
  readonly spki: string;
  readonly kid: string;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

export const startReceiver = async (key: () => Key): Promise<Receiver> => {
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/plane`;
  const receiver: Receiver = {
    url,
    received: [],
    serveUrls: new Map(),
    tokens: [],
    objections: [],
    treat: accept,
    rows: () => {
      const rows = new Map(receiver.received.map((event) => [event.event_id, event]));
      return [...rows.values()].map(
        ({ helm_revision: revision = "-", operation, status }) =>
          `${revision} ${operation} ${status}`,
      );
    },
    forget: () => {
      receiver.received.length = 0;
      receiver.tokens.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  const authenticate = async (request: IncomingMessage): Promise<JWTVerifyResult> => {
    const [, bearer] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
    const { alg, spki, kid } = key();
    const verified = await jwtVerify(bearer ?? "", await importSPKI(spki, alg), {
      algorithms: [alg],
      audience: url,
      issuer: "account-1",
      subject: "account-1",
      requiredClaims: ["exp", "iat", "jti"],
      maxTokenAge: "10m",
    });
    if (verified.protectedHeader.kid !== kid) throw new Error("another kid");
    const { exp = 0, iat = 0 } = verified.payload;
    if (exp - iat > 600) throw new Error("a token for too long");
    receiver.tokens.push(verified);
    return verified;
  };

  const check = async (request: IncomingMessage, text: string): Promise<ReceivedEvent> => {
    await authenticate(request);
    const event: unknown = JSON.parse(text);
    if (!validate(event)) throw new Error(JSON.stringify(validate.errors));
    return event as ReceivedEvent;
  };

  /** Of the token's own workspace, and said once more it is the same. */
  const register = async (request: IncomingMessage, response: ServerResponse, text: string) => {
    const { payload } = await authenticate(request);
    const { workspace_id: workspace, serve_url: url, cli_version: version } = JSON.parse(text);
    if (workspace !== payload.workspace_id) throw new Error("another workspace's");
    if (typeof version !== "string" || URL.parse(url) === null) throw new Error(text);
    if (new URL(url).hostname.startsWith("taken")) {
      response.writeHead(409).end("it is another workspace's");
      return;
    }
    receiver.serveUrls.set(workspace, url);
    response.writeHead(204).end();
  };

  server.on("request", async (request, response) => {
    try {
      const what = `${request.method} ${request.url}`;
      if (what === "PUT /plane/v1/dataplane-serve-url") {
        await register(request, response, await bodyOf(request));
        return;
      }
      if (what !== "POST /plane/v1/dataplane-install-events") throw new Error(what);
      const event = await check(request, await bodyOf(request));
      if (receiver.treat(event, response, request) === "taken") receiver.received.push(event);
    } catch (cause) {
      receiver.objections.push(String(cause));
      response.writeHead(400).end();
    }
  });
  return receiver;
};
