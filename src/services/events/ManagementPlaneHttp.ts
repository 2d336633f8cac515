import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Clock, Duration, Effect, Layer, Redacted, Result } from "effect";
import {
  type DeliveryOutcome,
  deliveryOutcome,
  type PlaneAnswer,
} from "../../domain/events/delivery.ts";
import type { Identity } from "../../domain/identity/identity.ts";
import { redactText, truncateUtf8 } from "../../domain/text/redaction.ts";
import { visible } from "../../domain/text/visible.ts";
import { authorities } from "../kube/transport/authorities.ts";
import { ManagementPlane } from "./ManagementPlane.ts";
import { makeTokens } from "./plane-token.ts";

const EVENTS_PATH = "/v1/dataplane-install-events";
const SERVE_URL_PATH = "/v1/dataplane-serve-url";
const ANSWER_WITHIN = Duration.seconds(10);
/** The rest of an answer that long is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_DETAIL_BYTES = 300;

const detailOf = (body: string): string =>
  truncateUtf8(visible(redactText(body).replace(/\s+/g, " ").trim()), MAX_DETAIL_BYTES);

const planeUrl = (managementPlaneUrl: string, path: string): URL => {
  const url = new URL(managementPlaneUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
  return url;
};

export const eventsUrl = (managementPlaneUrl: string): URL =>
  planeUrl(managementPlaneUrl, EVENTS_PATH);

interface PlaneRequest {
  readonly method: "POST" | "PUT";
  readonly url: URL;
  /** JSON. */
  readonly body: string;
  readonly userAgent: string;
}

const readAnswer = (response: IncomingMessage, done: (body: string) => void): void => {
  const chunks: Array<Buffer> = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    // The status is what counts, and that is here.
    if (size > MAX_ANSWER_BYTES) {
      done(Buffer.concat(chunks).toString("utf8"));
      response.destroy();
    }
  });
  response.on("end", () => done(Buffer.concat(chunks).toString("utf8")));
};

const ask = (
  { method, url, body, userAgent }: PlaneRequest,
  agent: HttpAgent,
  token: Redacted.Redacted<string>,
): Effect.Effect<PlaneAnswer, string> =>
  Effect.callback((resume) => {
    const fail = ({ message, code }: NodeJS.ErrnoException) =>
      resume(Effect.fail(message || code || "connection failed"));
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(
      url,
      {
        agent,
        method,
        headers: {
          authorization: `Bearer ${Redacted.value(token)}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          accept: "application/json",
          "user-agent": userAgent,
        },
      },
      (response) => {
        response.on("error", fail);
        readAnswer(response, (text) =>
          resume(
            Effect.succeed({
              status: response.statusCode ?? 0,
              retryAfter: response.headers["retry-after"],
              detail: detailOf(text),
            }),
          ),
        );
      },
    );
    request.on("error", fail);
    request.end(body);
    return Effect.sync(() => request.destroy());
  });

/**
 * `POST <managementPlaneUrl>/v1/dataplane-install-events` and `PUT <managementPlaneUrl>/v1/dataplane-serve-url` with a token
 * of the identity; redirects are not followed.
 */
export const layerManagementPlaneHttp = (identity: Identity): Layer.Layer<ManagementPlane> =>
  Layer.effect(
    ManagementPlane,
    Effect.gen(function* () {
      const url = eventsUrl(identity.managementPlaneUrl);
      // HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read by Node's own agents.
      const options = { keepAlive: true, maxSockets: 1, proxyEnv: process.env };
      const trusted = yield* Effect.result(
        Effect.try({ try: authorities, catch: (cause) => (cause as Error).message }),
      );
      const ca = Result.getOrElse(trusted, () => undefined);
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() =>
          url.protocol === "https:"
            ? new HttpsAgent(ca === undefined ? options : { ...options, ca })
            : new HttpAgent(options),
        ),
        (made) => Effect.sync(() => made.destroy()),
      );
      const token = yield* makeTokens(identity);
      const later = (detail: string, soon: boolean): DeliveryOutcome => ({
        _tag: "TryLater",
        reason: { _tag: "Unanswered", detail },
        soon,
      });
      const request = (asked: PlaneRequest): Effect.Effect<DeliveryOutcome> =>
        // Without the authorities that were named no connection could be trusted.
        url.protocol === "https:" && Result.isFailure(trusted)
          ? Effect.succeed(later(trusted.failure, false))
          : Effect.flatMap(token, (text) => ask(asked, agent, text)).pipe(
              Effect.timeoutOrElse({
                duration: ANSWER_WITHIN,
                orElse: () =>
                  Effect.fail(`no answer within ${Duration.toSeconds(ANSWER_WITHIN)} s`),
              }),
              Effect.flatMap((answer) =>
                Effect.map(Clock.currentTimeMillis, (now) => deliveryOutcome(answer, now)),
              ),
              Effect.catch((failure) =>
                Effect.succeed(
                  typeof failure === "string"
                    ? later(`${url.origin}: ${failure}`, true)
                    : later(failure.message, false),
                ),
              ),
            );
      return ManagementPlane.of({
        send: (event) => request({ method: "POST", url, body: event, userAgent: "tare-doctor" }),
        register: (registration) =>
          request({
            method: "PUT",
            url: planeUrl(identity.managementPlaneUrl, SERVE_URL_PATH),
            body: JSON.stringify(registration),
            userAgent: "tare-install",
          }),
      });
    }),
  );
