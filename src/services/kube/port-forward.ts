/** A port of a pod through the API server, as `kubectl port-forward` reaches it: the pod's own loopback included. */
import { Agent as HttpsAgent } from "node:https";
import { Duplex } from "node:stream";
import { Effect, type Scope } from "effect";
import { type RawData, WebSocket } from "ws";
import type { KubeConnection, Outgoing } from "./connection.ts";
import type { KubectlError } from "./Kubectl.ts";
import { hostPort } from "./kubeconfig/server.ts";
import { type KubeCall, parseBody, pathOf, refusal, unreachable } from "./transport/http.ts";

/** Each message begins with the channel's number; the first of each channel holds the port's number and nothing else. */
const PROTOCOL = "v4.channel.k8s.io";
const DATA = 0;
const FAILURE = 1;

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);

const duplexOver = (socket: WebSocket): Duplex => {
  const greeted = new Set<number>();
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) =>
      socket.send(Buffer.concat([Buffer.of(DATA), chunk]), done),
    final: (done) => done(),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on("message", (data) => {
    const message = bytesOf(data);
    const channel = message[0] ?? DATA;
    const payload = message.subarray(1);
    if (!greeted.has(channel)) {
      greeted.add(channel);
    } else if (channel === DATA) {
      stream.push(payload);
    } else if (channel === FAILURE && payload.length > 0) {
      stream.destroy(new Error(payload.toString("utf8")));
    }
  });
  socket.on("close", () => stream.push(null));
  socket.on("error", (cause) => stream.destroy(cause));
  // A reader gets the error; before and after reading there is no listener, and an error would end the process.
  stream.on("error", () => undefined);
  return stream;
};

const closing = (socket: WebSocket): Effect.Effect<void> =>
  Effect.sync(() => {
    // Ending it before it was open is an event of its own.
    socket.on("error", () => undefined);
    socket.terminate();
  });

/** What of a connection a forwarded port takes. */
export type Route = Pick<KubeConnection, "stream" | "prefix" | "origin">;

const addressOf = (connection: Route, call: KubeCall, { options }: Outgoing): string => {
  const scheme = options.agent instanceof HttpsAgent ? "wss" : "ws";
  const server = { host: options.host ?? "", port: Number(options.port) };
  return `${scheme}://${hostPort(server)}${pathOf(connection, call)}`;
};

/** Open until the scope closes. `call` names the pod's `portforward`. */
export const openPodPort = Effect.fnUntraced(function* (
  connection: Route,
  call: KubeCall,
): Effect.fn.Return<Duplex, KubectlError, Scope.Scope> {
  const outgoing = yield* connection.stream;
  const address = addressOf(connection, call, outgoing);
  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => new WebSocket(address, PROTOCOL, outgoing.options)),
    closing,
  );
  return yield* Effect.callback<Duplex, KubectlError>((resume) => {
    socket.once("unexpected-response", (_request, response) => {
      const chunks: Array<Buffer> = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const body = parseBody(text, response.headers["content-type"] ?? "");
        resume(Effect.fail(refusal(call, { status: response.statusCode ?? 0, body })));
      });
    });
    socket.once("error", (cause) => resume(Effect.fail(unreachable(connection, call, cause))));
    // Made at once: what the server says first must find a listener.
    const stream = duplexOver(socket);
    socket.once("open", () => resume(Effect.succeed(stream)));
  });
});
