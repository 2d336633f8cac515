import { createGunzip } from "node:zlib";
import { Duration, Effect } from "effect";
import { isAdmissionRefusal } from "../../../domain/checks/admission-refusal.ts";
import { MOST_LEVELS, nestsTooDeeply } from "../../../domain/kube/json.ts";
import { waitFor } from "../../../domain/run/waiting.ts";
import type { KubeConnection, Outgoing } from "../connection.ts";
import { KubectlError, type KubectlErrorReason } from "../Kubectl.ts";
import { repeatAfter } from "./retry.ts";

export interface KubeCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly body?: { readonly contentType: string; readonly json: unknown };
  /** For people, e.g. `get ConfigMap tars-system/tars-config`. */
  readonly label: string;
  readonly timeout?: Duration.Duration;
  /** Sending it twice does no harm; reads never do. */
  readonly isSafe?: boolean;
}

export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
  /** The server's own header, for people and for the next try. */
  readonly retryAfter?: string | undefined;
  /** The texts of its `Warning` headers (RFC 7234). */
  readonly warnings?: ReadonlyArray<string>;
}

/** No single try is worth waiting longer for; long operations are polled. */
const CALL_TIMEOUT = Duration.seconds(30);

export const parseBody = (text: string, contentType: string): unknown => {
  if (!contentType.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const pathOf = (
  { prefix }: Pick<KubeConnection, "prefix">,
  { path, query }: KubeCall,
): string => {
  const search = new URLSearchParams(query).toString();
  return `${prefix}${path}${search === "" ? "" : `?${search}`}`;
};

const WARNING = /^\s*\d{3}\s+\S+\s+"((?:[^"\\]|\\.)*)"/;

const warningTexts = (headers: ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  (headers ?? []).flatMap((header) => {
    const [, quoted] = WARNING.exec(header) ?? [];
    return quoted === undefined ? [] : [quoted.replace(/\\(.)/g, "$1")];
  });

const exchange = (
  connection: KubeConnection,
  call: KubeCall,
  outgoing: Outgoing,
): Effect.Effect<KubeResponse, KubectlError> =>
  Effect.callback<KubeResponse, KubectlError>((resume) => {
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body.json);
    const fail = (cause: Error) => resume(Effect.fail(unreachable(connection, call, cause)));
    const { options } = outgoing;
    const request = outgoing.send(
      {
        ...options,
        method: call.method,
        path: pathOf(connection, call),
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
              retryAfter: response.headers["retry-after"],
              warnings: warningTexts(response.headersDistinct.warning),
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
  });

export const unreachable = (
  { origin }: Pick<KubeConnection, "origin">,
  call: KubeCall,
  cause: Error & { readonly code?: string },
): KubectlError => {
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error | undefined) : cause;
  const why = inner?.message || cause.code || "connection failed";
  return new KubectlError({
    reason: "Unreachable",
    request: call.label,
    detail: `${origin} does not answer: ${why}`,
  });
};

const LONGEST_TEXT = 200;

/** Some refusals are a line of plain text, those of an overloaded server among them. */
export const statusMessage = ({ status, body }: KubeResponse): string => {
  if (typeof body === "string") {
    const line = body.split("\n", 1)[0]?.trim() ?? "";
    const isText = line !== "" && !line.startsWith("<") && line.length <= LONGEST_TEXT;
    return isText ? `HTTP ${status}: ${line}` : `HTTP ${status}`;
  }
  const message = (body as { readonly message?: unknown } | null)?.message;
  return typeof message === "string" && message !== "" ? message : `HTTP ${status}`;
};

export const reasonOf = (response: KubeResponse): KubectlErrorReason => {
  switch (response.status) {
    case 401:
      return "Unauthorized";
    case 403:
      return isAdmissionRefusal(statusMessage(response)) ? "Rejected" : "Forbidden";
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

/** A connection that broke under a request says little about the server: it may have been kept too long. */
const isBroken = ({ reason, detail }: KubectlError): boolean =>
  reason === "Unreachable" && /socket hang up|ECONNRESET|EPIPE/.test(detail);

export const refusal = (call: KubeCall, response: KubeResponse): KubectlError =>
  new KubectlError({
    reason: reasonOf(response),
    request: call.label,
    detail: statusMessage(response),
  });

/** A server takes objects of ten thousand levels, more than walking down them has stack for. */
export const tooDeep = (label: string): KubectlError =>
  new KubectlError({
    reason: "Rejected",
    request: label,
    detail: `an object nests more deeply than any that is meant (${MOST_LEVELS} levels)`,
  });

type Tried =
  | { readonly _tag: "Answered"; readonly response: KubeResponse; readonly outgoing: Outgoing }
  | { readonly _tag: "Broken"; readonly error: KubectlError };

/**
 * One call to the API server. It is sent again when the server asks for that, with another credential when the first was
 * refused, and, if that does no harm, when the connection breaks or the server is in trouble.
 */
export const callKube = Effect.fnUntraced(function* (
  connection: KubeConnection,
  call: KubeCall,
  accept: (response: KubeResponse) => boolean = () => false,
) {
  const { timeout = CALL_TIMEOUT, isSafe = call.method === "GET" } = call;
  const tooSlow = () =>
    Effect.fail(
      new KubectlError({
        reason: "TimedOut",
        request: call.label,
        detail: `no answer within ${Duration.toSeconds(timeout)} s`,
      }),
    );
  // A login takes as long as it takes: only the call itself is timed.
  const once = Effect.flatMap(connection.call, (outgoing) =>
    exchange(connection, call, outgoing).pipe(
      Effect.timeoutOrElse({ duration: timeout, orElse: tooSlow }),
      Effect.map((response): Tried => ({ _tag: "Answered", response, outgoing })),
    ),
  ).pipe(
    Effect.catchIf(isBroken, (error) => Effect.succeed<Tried>({ _tag: "Broken", error })),
    (tried) =>
      connection
        .pace(call.path)
        .paced(tried, (result) => result._tag === "Answered" && result.response.status === 429),
  );
  const untilDone = Effect.gen(function* () {
    let hasRenewed = false;
    for (let repeats = 0; ; repeats += 1) {
      const tried = yield* once;
      if (tried._tag === "Answered") {
        const { response, outgoing } = tried;
        if ((response.status >= 200 && response.status < 300) || accept(response)) {
          return nestsTooDeeply(response.body) ? yield* tooDeep(call.label) : response;
        }
        if (response.status === 401 && !hasRenewed) {
          hasRenewed = true;
          if (yield* connection.renew(outgoing.credential)) continue;
        }
      }
      const outcome =
        tried._tag === "Answered"
          ? ({
              _tag: "Answered",
              status: tried.response.status,
              retryAfter: tried.response.retryAfter,
            } as const)
          : ({ _tag: "Broken" } as const);
      const wait = repeatAfter({ repeats, isSafe, outcome });
      if (wait === undefined) {
        return yield* tried._tag === "Answered" ? refusal(call, tried.response) : tried.error;
      }
      yield* waitFor("server-again", wait);
    }
  });
  return yield* Effect.withSpan(untilDone, "kube.call", { attributes: { request: call.label } });
});
