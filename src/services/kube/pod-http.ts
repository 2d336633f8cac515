/** One HTTP request to a program in a pod, through a forwarded port. */
import { request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { Duration, Effect } from "effect";
import { KubectlError, type PodRequest } from "./Kubectl.ts";
import { openPodPort, type Route } from "./port-forward.ts";
import { type KubeCall, parseBody, reasonOf, statusMessage } from "./transport/http.ts";

const TIMEOUT = Duration.seconds(10);

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const exchangeOver = (stream: Duplex, { method, path }: PodRequest): Effect.Effect<Answer, Error> =>
  Effect.callback((resume) => {
    const fail = (cause: Error) => resume(Effect.fail(cause));
    const request = httpRequest(
      {
        method,
        path,
        host: "localhost",
        headers: { connection: "close", "content-length": 0 },
        createConnection: () => stream,
      },
      (response) => {
        const chunks: Array<Buffer> = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const body = parseBody(text, response.headers["content-type"] ?? "");
          resume(Effect.succeed({ status: response.statusCode ?? 0, body }));
        });
      },
    );
    request.on("error", fail);
    request.end();
    return Effect.sync(() => request.destroy());
  });

/** @returns the answer's body as text; every answer but a 2xx is a failure. */
export const askPod = Effect.fnUntraced(function* (
  connection: Route,
  call: KubeCall,
  request: PodRequest,
) {
  const failure = (reason: KubectlError["reason"], detail: string) =>
    new KubectlError({ reason, request: call.label, detail });
  const answer = yield* Effect.scoped(
    Effect.flatMap(openPodPort(connection, call), (stream) =>
      Effect.mapError(exchangeOver(stream, request), ({ message }) =>
        failure("Unreachable", message),
      ),
    ),
  ).pipe(
    Effect.timeoutOrElse({
      duration: TIMEOUT,
      orElse: () =>
        Effect.fail(failure("TimedOut", `no answer within ${Duration.toSeconds(TIMEOUT)} s`)),
    }),
  );
  if (answer.status < 200 || answer.status > 299) {
    return yield* failure(reasonOf(answer), statusMessage(answer));
  }
  return typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
});
