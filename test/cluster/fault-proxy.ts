/**
 * Stands in front of the API server and breaks some of the requests: it answers in the server's place, cuts the
 * connection, lets the server do what was asked and then loses the answer, or asks it twice.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { authorityPath, type ControlPlane } from "./control-plane.ts";

export interface ProxyRule {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Against the path without its query. */
  readonly path: RegExp;
  /** So many requests meet it; all of them when left out. */
  readonly times?: number;
  readonly effect:
    | {
        readonly _tag: "Answer";
        readonly status: number;
        readonly message: string;
        /** In seconds. */
        readonly retryAfter?: number;
      }
    /** The connection breaks before the server hears of it. */
    | { readonly _tag: "Cut" }
    /** The server does it, and the connection breaks then. */
    | { readonly _tag: "LoseAnswer" }
    /** The answer is lost on the way, and what stands there sends the request once more, as balancers do. */
    | { readonly _tag: "Repeat" }
    | { readonly _tag: "Delay"; readonly milliseconds: number };
}

export interface FaultProxy {
  readonly url: string;
  /** Returns how to take the rule away. */
  readonly add: (rule: ProxyRule) => () => void;
  readonly close: () => void;
}

const REASONS: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  429: "TooManyRequests",
  503: "ServiceUnavailable",
};

const answer = (
  response: ServerResponse,
  code: number,
  message: string,
  retryAfter?: number,
): void => {
  response.writeHead(code, {
    "content-type": "application/json",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  });
  response.end(
    JSON.stringify({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason: REASONS[code] ?? "InternalError",
      code,
    }),
  );
};

/**
 * Everything that gets through goes on as the administrator's.
 * @param body what is sent; what comes in, when left out
 */
const forward = (
  plane: ControlPlane,
  incoming: IncomingMessage,
  respond: (answered: IncomingMessage) => void,
  fail: () => void,
  body?: Buffer,
): void => {
  const outgoing = request(
    {
      host: "127.0.0.1",
      port: plane.ports.api,
      ca: readFileSync(authorityPath(plane.dir)),
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, authorization: `Bearer ${plane.tokens.admin}` },
    },
    respond,
  );
  outgoing.once("error", fail);
  if (body === undefined) incoming.pipe(outgoing);
  else outgoing.end(body);
};

export const startFaultProxy = async (plane: ControlPlane): Promise<FaultProxy> => {
  let rules: ReadonlyArray<ProxyRule & { met: number }> = [];

  const ruleFor = ({ method, url = "" }: IncomingMessage) => {
    const path = url.split("?")[0] ?? "";
    const rule = rules.find(
      (one) =>
        (one.method === undefined || one.method === method) &&
        one.path.test(path) &&
        one.met < (one.times ?? Number.POSITIVE_INFINITY),
    );
    if (rule !== undefined) rule.met += 1;
    return rule?.effect;
  };

  const server = createServer((incoming, response) => {
    const cut = () => incoming.socket.destroy();
    const pass = (body?: Buffer) =>
      forward(
        plane,
        incoming,
        (answered) => {
          response.writeHead(answered.statusCode ?? 502, answered.headers);
          answered.pipe(response);
          response.once("close", () => answered.destroy());
        },
        cut,
        body,
      );
    const repeat = async () => {
      const body = await buffer(incoming);
      const again = (answered: IncomingMessage) => answered.resume().once("end", () => pass(body));
      forward(plane, incoming, again, cut, body);
    };
    const effect = ruleFor(incoming);
    switch (effect?._tag) {
      case undefined:
        return pass();
      case "Answer":
        incoming.resume();
        return answer(response, effect.status, effect.message, effect.retryAfter);
      case "Cut":
        return cut();
      case "LoseAnswer":
        return forward(plane, incoming, (answered) => answered.resume().once("end", cut), cut);
      case "Repeat":
        return void repeat();
      case "Delay":
        return void setTimeout(pass, effect.milliseconds);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    add: (rule) => {
      const mine = { ...rule, met: 0 };
      rules = [...rules, mine];
      return () => {
        rules = rules.filter((one) => one !== mine);
      };
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
