import { Duration, Effect, Stream } from "effect";
import { nestsTooDeeply } from "../../domain/kube/json.ts";
import { fieldAt, type KubeObject, numberAt, stringAt } from "../../domain/kube/objects.ts";
import { waitFor } from "../../domain/run/waiting.ts";
import type { KubeConnection } from "./connection.ts";
import { KubectlError, type WatchEvent } from "./Kubectl.ts";
import { streamKubeLines } from "./stream.ts";
import { type KubeCall, reasonOf, tooDeep } from "./transport/http.ts";

/** The server ends each answer after this long, so a connection that is silently dead is noticed soon after. */
const ANSWER_SECONDS = 50;
const SILENCE = Duration.seconds(60);
/** So that a server that ends its answers at once is not asked in a tight loop. */
const BETWEEN_ANSWERS = Duration.seconds(1);

interface Listing {
  readonly objects: ReadonlyArray<KubeObject>;
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

interface Change {
  /** None for a bookmark. */
  readonly events: ReadonlyArray<WatchEvent>;
  readonly resourceVersion: string | undefined;
}

const unreadable = (label: string, line: string): KubectlError =>
  new KubectlError({
    reason: "ServerError",
    request: label,
    detail: `not a watch's answer: ${line.slice(0, 200)}`,
  });

/** One line of a watch's answer. A bookmark only says how far the watch has come. */
const changeOf = (
  label: string,
  line: string,
  complete: (item: unknown) => KubeObject,
): Effect.Effect<Change, KubectlError> =>
  Effect.suspend((): Effect.Effect<Change, KubectlError> => {
    const message = parsed(line);
    if (nestsTooDeeply(message)) return Effect.fail(tooDeep(label));
    const object = fieldAt(message, "object");
    const resourceVersion = stringAt(object, "metadata", "resourceVersion");
    switch (fieldAt(message, "type")) {
      case "BOOKMARK":
        return Effect.succeed({ events: [], resourceVersion });
      case "ADDED":
      case "MODIFIED":
        return Effect.succeed({
          events: [{ _tag: "Applied", object: complete(object) }],
          resourceVersion,
        });
      case "DELETED":
        return Effect.succeed({
          events: [{ _tag: "Deleted", object: complete(object) }],
          resourceVersion,
        });
      case "ERROR":
        return Effect.fail(
          new KubectlError({
            reason: reasonOf({ status: numberAt(object, "code") ?? 500, body: object }),
            request: label,
            detail: stringAt(object, "message") ?? line.slice(0, 200),
          }),
        );
      default:
        return Effect.fail(unreadable(label, line));
    }
  });

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/**
 * `Listed`, then every change. When the server ends an answer in good order the watch goes on from where it was, without
 * listing again; everything else is a failure.
 */
export const watchKube = (
  connection: KubeConnection,
  call: KubeCall,
  list: Effect.Effect<Listing, KubectlError>,
  complete: (item: unknown) => KubeObject,
): Stream.Stream<WatchEvent, KubectlError> =>
  Stream.unwrap(
    Effect.map(list, ({ objects, resourceVersion }) => {
      let current = resourceVersion;
      const answer = Stream.suspend(() =>
        streamKubeLines(
          connection,
          {
            ...call,
            query: {
              ...call.query,
              watch: "true",
              allowWatchBookmarks: "true",
              timeoutSeconds: String(ANSWER_SECONDS),
              resourceVersion: current,
            },
          },
          { silence: SILENCE },
        ),
      ).pipe(
        Stream.filter((line) => line !== ""),
        Stream.mapEffect((line) => changeOf(call.label, line, complete)),
        Stream.tap((change) =>
          Effect.sync(() => {
            current = change.resourceVersion ?? current;
          }),
        ),
        Stream.map(({ events }) => events),
        Stream.flattenIterable,
      );
      const pause = Stream.drain(Stream.fromEffect(waitFor("watch-again", BETWEEN_ANSWERS)));
      const listed: WatchEvent = { _tag: "Listed", objects };
      return Stream.concat(Stream.make(listed), Stream.forever(Stream.concat(answer, pause)));
    }),
  );
