import type { IncomingMessage } from "node:http";
import { Duration, Effect, Option, type Scope, Stream } from "effect";
import { waitFor } from "../../domain/run/waiting.ts";
import type { KubeConnection, Outgoing } from "./connection.ts";
import { KubectlError } from "./Kubectl.ts";
import {
  type KubeCall,
  type KubeResponse,
  pathOf,
  refusal,
  unreachable,
} from "./transport/http.ts";
import { repeatAfter } from "./transport/retry.ts";

/** A single object is at most 3 MiB in etcd's default; a line far beyond that is not a watch's. */
const LONGEST_LINE = 16 * 1024 * 1024;
/** In lines; an answer that refuses the stream is one. */
const LONGEST_REFUSAL = 100;

interface LineStreamOptions {
  /** The answer must start within this time, and then go on within it. */
  readonly silence: Duration.Duration;
}

const open = (
  connection: KubeConnection,
  call: KubeCall,
  { send, options }: Outgoing,
): Effect.Effect<IncomingMessage, KubectlError, Scope.Scope> =>
  Effect.gen(function* () {
    const request = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const started = send({
          ...options,
          method: call.method,
          path: pathOf(connection, call),
          headers: {
            ...options.headers,
            accept: call.accept ?? "application/json",
            "user-agent": "tare",
          },
        });
        // A request that is destroyed still raises an error, even when no caller waits for it.
        started.on("error", () => undefined);
        return started;
      }),
      (started) => Effect.sync(() => started.destroy()),
    );
    return yield* Effect.callback<IncomingMessage, KubectlError>((resume) => {
      request.once("response", (response) => {
        // What breaks between two reads is found by the next one.
        response.on("error", () => undefined);
        resume(Effect.succeed(response));
      });
      request.once("error", (cause) => resume(Effect.fail(unreachable(connection, call, cause))));
      request.end();
    });
  });

const silent = (call: KubeCall, silence: Duration.Duration): KubectlError =>
  new KubectlError({
    reason: "TimedOut",
    request: call.label,
    detail: `nothing was heard for ${Duration.toSeconds(silence)} s`,
  });

/** The next piece of the answer; nothing when it ended in good order. Reads only when asked to. */
const nextChunk = (response: IncomingMessage): Effect.Effect<Option.Option<Uint8Array>, Error> =>
  Effect.callback((resume) => {
    const look = () => {
      const chunk: unknown = response.read();
      if (chunk instanceof Uint8Array) return finish(Effect.succeed(Option.some(chunk)));
      if (response.errored !== null) return finish(Effect.fail(response.errored));
      if (response.readableEnded) return finish(Effect.succeed(Option.none()));
      if (response.destroyed) return finish(Effect.fail(new Error("the connection was closed")));
    };
    const signals = ["readable", "end", "error", "close"] as const;
    const stop = () => {
      for (const signal of signals) response.off(signal, look);
    };
    const finish = (result: Effect.Effect<Option.Option<Uint8Array>, Error>) => {
      stop();
      resume(result);
    };
    for (const signal of signals) response.on(signal, look);
    look();
    return Effect.sync(stop);
  });

/** Whole lines, as many as the next piece completes. */
const linesOf = (response: IncomingMessage): Stream.Stream<string, Error> => {
  const decoder = new TextDecoder();
  const step = (pending: string) =>
    Effect.map(nextChunk(response), (chunk) => {
      if (Option.isNone(chunk)) {
        return [pending === "" ? [] : [pending], Option.none<string>()] as const;
      }
      const lines = (pending + decoder.decode(chunk.value, { stream: true })).split("\n");
      return [lines, Option.some(lines.pop() ?? "")] as const;
    }).pipe(
      Effect.filterOrFail(
        ([, rest]) => Option.getOrElse(rest, () => "").length <= LONGEST_LINE,
        () => new Error("a line of the answer has no end"),
      ),
    );
  return Stream.paginate("", step);
};

const refusalOf = Effect.fnUntraced(function* (response: IncomingMessage) {
  const text = yield* linesOf(response).pipe(
    Stream.take(LONGEST_REFUSAL),
    Stream.mkString,
    Effect.orElseSucceed(() => ""),
  );
  const answer: KubeResponse = {
    status: response.statusCode ?? 0,
    body: parsed(text),
    retryAfter: response.headers["retry-after"],
  };
  return answer;
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** An answer that streams. Like a call it is asked for again when the server wants that, or a new credential may help. */
const opened = Effect.fnUntraced(function* (
  connection: KubeConnection,
  call: KubeCall,
  silence: Duration.Duration,
) {
  const timed = Effect.timeoutOrElse({
    duration: silence,
    orElse: () => Effect.fail(silent(call, silence)),
  });
  let hasRenewed = false;
  for (let repeats = 0; ; repeats += 1) {
    const outgoing = yield* connection.stream;
    const response = yield* timed(open(connection, call, outgoing));
    if (response.statusCode === 200) return response;
    const answer = yield* timed(refusalOf(response));
    if (answer.status === 401 && !hasRenewed) {
      hasRenewed = true;
      if (yield* connection.renew(outgoing.credential)) continue;
    }
    const { status, retryAfter } = answer;
    const wait = repeatAfter({
      repeats,
      isSafe: true,
      outcome: { _tag: "Answered", status, retryAfter },
    });
    if (wait === undefined) return yield* refusal(call, answer);
    yield* waitFor("server-again", wait);
  }
});

/**
 * The lines of an answer as they come, read no faster than they are used. Ends when the server ends the answer in good
 * order; a cut connection and silence are failures. What has begun is not tried again here.
 */
export const streamKubeLines = (
  connection: KubeConnection,
  call: KubeCall,
  { silence }: LineStreamOptions,
): Stream.Stream<string, KubectlError> =>
  Stream.unwrap(
    Effect.map(opened(connection, call, silence), (response) =>
      linesOf(response).pipe(
        Stream.mapError((cause) => unreachable(connection, call, cause)),
        Stream.timeoutOrElse({
          duration: silence,
          orElse: () => Stream.fromEffect(Effect.fail(silent(call, silence))),
        }),
      ),
    ),
  );
