import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { createGunzip } from "node:zlib";
import { Duration, Effect, Schedule } from "effect";
import { KubectlError, type KubectlErrorReason } from "../Kubectl.ts";
import type { KubeConnection } from "./connection.ts";

export interface KubeCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly body?: { readonly contentType: string; readonly json: unknown };
  /** For people, e.g. `get ConfigMap tars-system/tars-config`. */
  readonly label: string;
  readonly timeout?: Duration.Duration;
}

export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
}

/** No single call is worth waiting longer for; long operations are polled. */
const CALL_TIMEOUT = Duration.seconds(30);
const READ_RETRIES = { schedule: Schedule.exponential("200 millis"), times: 3 };

const parseBody = (text: string, contentType: string): unknown => {
  if (!contentType.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const exchange = (
  connection: KubeConnection,
  call: KubeCall,
): Effect.Effect<KubeResponse, KubectlError> =>
  Effect.flatMap(connection.requestOptions, (options) =>
    Effect.callback<KubeResponse, KubectlError>((resume) => {
      const url = urlOf(connection, call);
      const payload = call.body === undefined ? undefined : JSON.stringify(call.body.json);
      const fail = (cause: Error) =>
        resume(
          Effect.fail(
            new KubectlError({
              reason: "Unreachable",
              request: call.label,
              detail: networkDetail(url, cause),
            }),
          ),
        );
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const request = send(
        url,
        {
          ...options,
          method: call.method,
          headers: {
            ...options.headers,
            accept: call.accept ?? "application/json",
            "accept-encoding": "gzip",
            "user-agent": "tare",
            ...(call.body === undefined
              ? {}
              : {
                  "content-type": call.body.contentType,
                  "content-length": Buffer.byteLength(payload ?? ""),
                }),
          },
        },
        (response) => {
          const zipped = response.headers["content-encoding"] === "gzip";
          const stream = zipped ? response.pipe(createGunzip()) : response;
          const chunks: Array<Buffer> = [];
          response.on("error", fail);
          stream.on("error", fail);
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () =>
            resume(
              Effect.succeed({
                status: response.statusCode ?? 0,
                body: parseBody(
                  Buffer.concat(chunks).toString("utf8"),
                  response.headers["content-type"] ?? "",
                ),
              }),
            ),
          );
        },
      );
      request.on("error", fail);
      request.end(payload);
      return Effect.sync(() => request.destroy());
    }),
  );

export const urlOf = ({ target }: KubeConnection, call: KubeCall): URL => {
  const url = new URL(target.server);
  url.pathname = `${url.pathname.replace(/\/$/, "")}${call.path}`;
  url.search = new URLSearchParams(call.query).toString();
  return url;
};

export const networkDetail = (url: URL, cause: Error & { readonly code?: string }): string => {
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error | undefined) : cause;
  return `${url.origin} does not answer: ${inner?.message || cause.code || "connection failed"}`;
};

export const statusMessage = ({ status, body }: KubeResponse): string => {
  const message = (body as { readonly message?: unknown } | null)?.message;
  return typeof message === "string" && message !== "" ? message : `HTTP ${status}`;
};

const ADMISSION = /admission webhook|ValidatingAdmissionPolicy|denied the request/;

export const reasonOf = (response: KubeResponse): KubectlErrorReason => {
  switch (response.status) {
    case 401:
      return "Unauthorized";
    case 403:
      return ADMISSION.test(statusMessage(response)) ? "Rejected" : "Forbidden";
    case 404:
      return "NotServed";
    case 409:
      return "Conflict";
    case 410:
      return "Expired";
    case 429:
      return "ServerError";
    default:
      return response.status >= 500 ? "ServerError" : "Rejected";
  }
};

/** A 404 that names the object says that only the object is missing, not its type. */
export const isAbsentObject = ({ status, body }: KubeResponse): boolean =>
  status === 404 &&
  typeof (body as { readonly details?: { readonly name?: unknown } } | null)?.details?.name ===
    "string";

/** A kept connection that the server closes just as it is used again says nothing about the server. */
const isDroppedConnection = ({ reason, detail }: KubectlError): boolean =>
  reason === "Unreachable" && /socket hang up|ECONNRESET/.test(detail);

const isRetryable = (error: KubectlError): boolean =>
  error.reason === "ServerError" || isDroppedConnection(error);

/** One call to the API server; reads are tried again when the server itself is in trouble, writes never. */
export const callKube = Effect.fnUntraced(function* (
  connection: KubeConnection,
  call: KubeCall,
  accept: (response: KubeResponse) => boolean = () => false,
) {
  const { timeout = CALL_TIMEOUT } = call;
  const once = exchange(connection, call).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        Effect.fail(
          new KubectlError({
            reason: "TimedOut",
            request: call.label,
            detail: `no answer within ${Duration.toSeconds(timeout)} s`,
          }),
        ),
    }),
    Effect.flatMap((response) =>
      (response.status >= 200 && response.status < 300) || accept(response)
        ? Effect.succeed(response)
        : Effect.fail(
            new KubectlError({
              reason: reasonOf(response),
              request: call.label,
              detail: statusMessage(response),
            }),
          ),
    ),
  );
  const tried =
    call.method === "GET" ? Effect.retry(once, { ...READ_RETRIES, while: isRetryable }) : once;
  return yield* Effect.withSpan(tried, "kube.call", { attributes: { request: call.label } });
});
