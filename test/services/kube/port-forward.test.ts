import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { type WebSocket, WebSocketServer } from "ws";
import type { Credential } from "../../../src/services/kube/credentials/credential.ts";
import type { PodRequest } from "../../../src/services/kube/Kubectl.ts";
import { askPod } from "../../../src/services/kube/pod-http.ts";
import type { Route } from "../../../src/services/kube/port-forward.ts";
import type { KubeCall } from "../../../src/services/kube/transport/http.ts";

const CALL: KubeCall = {
  method: "GET",
  path: "/api/v1/namespaces/tars-dataplane/pods/egress-1/portforward",
  query: { ports: "19000" },
  label: "POST /drain_listeners?graceful&skip_exit at port 19000 of Pod tars-dataplane/egress-1",
};

const REQUEST: PodRequest = {
  namespace: "tars-dataplane",
  pod: "egress-1",
  port: 19000,
  method: "POST",
  path: "/drain_listeners?graceful&skip_exit",
};

const onChannel = (channel: number, payload: Buffer | string) =>
  Buffer.concat([Buffer.of(channel), Buffer.from(payload)]);

const NOBODY: Credential = { authorization: undefined, certificate: undefined };

const PORT = Buffer.of(19000 % 256, 19000 >> 8);

/** An API server whose port-forwards `serve` answers; nothing answers where it is left out. */
const server = (serve: ((socket: WebSocket) => void) | "refuses" | "hangs") =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const http = createServer();
        const sockets = new WebSocketServer({ noServer: true });
        http.on("upgrade", (incoming, socket, head) => {
          if (serve === "hangs") return;
          if (serve === "refuses") {
            socket.end(
              'HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\n\r\n{"message":"no"}',
            );
            return;
          }
          sockets.handleUpgrade(incoming, socket, head, (open) => {
            open.send(onChannel(0, PORT));
            open.send(onChannel(1, PORT));
            serve(open);
          });
        });
        http.listen(0, "127.0.0.1", () => resume(Effect.succeed(http)));
      }),
      (http) =>
        Effect.sync(() => {
          http.closeAllConnections();
          http.close();
        }),
    ),
    (http): Route => ({
      prefix: "",
      origin: "http://127.0.0.1",
      stream: Effect.succeed({
        send: request,
        options: { host: "127.0.0.1", port: (http.address() as AddressInfo).port },
        credential: { issued: NOBODY, certificate: undefined },
      }),
    }),
  );

const failureOf = (connection: Route) => Effect.flip(askPod(connection, CALL, REQUEST));

describe("a request to a pod's own loopback", () => {
  it.effect("goes through the forwarded port and brings the answer", () =>
    Effect.gen(function* () {
      const heard: Array<string> = [];
      const connection = yield* server((socket) => {
        socket.on("message", (data) => {
          const message = data as Buffer;
          heard.push(message.subarray(1).toString());
          assert.strictEqual(message[0], 0);
          socket.send(onChannel(0, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nOK\n"));
        });
      });
      assert.strictEqual(yield* askPod(connection, CALL, REQUEST), "OK\n");
      assert.match(heard.join(""), /^POST \/drain_listeners\?graceful&skip_exit HTTP\/1\.1\r\n/);
    }),
  );

  it.effect("fails with the words of what cannot be reached in the pod", () =>
    Effect.gen(function* () {
      const connection = yield* server((socket) => {
        socket.on("message", () => socket.send(onChannel(1, "connection refused")));
      });
      const error = yield* failureOf(connection);
      assert.strictEqual(error.reason, "Unreachable");
      assert.include(error.message, "connection refused");
    }),
  );

  it.effect("fails with the server's verdict", () =>
    Effect.gen(function* () {
      const error = yield* failureOf(yield* server("refuses"));
      assert.strictEqual(error.reason, "Forbidden");
    }),
  );

  it.effect("fails when the port closes without an answer", () =>
    Effect.gen(function* () {
      const connection = yield* server((socket) => {
        socket.on("message", () => socket.close());
      });
      assert.strictEqual((yield* failureOf(connection)).reason, "Unreachable");
    }),
  );

  it.effect("is given up after a while where nothing answers, and takes nothing down with it", () =>
    Effect.gen(function* () {
      const connection = yield* server("hangs");
      const asking = yield* Effect.forkChild(failureOf(connection));
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)));
      yield* TestClock.adjust("11 seconds");
      const error = yield* Fiber.join(asking);
      assert.strictEqual(error.reason, "TimedOut");
    }),
  );
});
