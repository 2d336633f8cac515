import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Fiber, Option, Stream } from "effect";
import { afterEach, beforeEach } from "vitest";
import { Pod } from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../../src/services/kube/KubectlApi.ts";
import { deepJson } from "../../hostile/values.ts";

/** The live layer against a server on loopback: what goes over the wire, and how its ends are seen. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let asked: Array<URL>;
let answers: Array<Answer>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tare-watch-"));
  asked = [];
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? "", "http://loopback"));
    const answer = answers.shift();
    if (answer === undefined) response.writeHead(500).end();
    else answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    join(folder, "config"),
    JSON.stringify({
      clusters: [
        {
          name: "c",
          // Without it the client refuses plain HTTP.
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: {} }],
      "current-context": "x",
    }),
  );
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const run = <A, E>(work: Effect.Effect<A, E, Kubectl>) =>
  Effect.suspend(() =>
    Effect.provide(
      work,
      layerKubectlApi({ kubeconfig: join(folder, "config"), context: undefined }),
    ),
  );

const json =
  (body: unknown): Answer =>
  (_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));

const list = (names: ReadonlyArray<string>, resourceVersion: string, next?: string): Answer =>
  json({ metadata: { resourceVersion, continue: next }, items: names.map(pod) });

const pod = (name: string) => ({ metadata: { name, namespace: "ns", resourceVersion: "7" } });

const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

/** `end` says how the answer ends: in good order, by a cut, or not at all. */
const watching =
  (lines: ReadonlyArray<string>, end: "ended" | "cut" | "open"): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write(lines.join(""), () => {
      if (end === "ended") response.end();
      if (end === "cut") setTimeout(() => response.destroy(), 20);
    });
  };

const watchPods = Stream.unwrap(
  Effect.map(Kubectl, (kubectl) =>
    kubectl.watch({ type: Pod, namespace: "ns", labelSelector: "app=envoy" }),
  ),
).pipe(
  Stream.map((seen) =>
    seen._tag === "Listed"
      ? `Listed ${seen.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)}`
      : `${seen._tag} ${seen.object.kind} ${seen.object.metadata.name}`,
  ),
);

describe("a watch", () => {
  it.live("starts with the whole list, page by page, and goes on from its resourceVersion", () => {
    answers = [
      list(["a"], "10", "page-2"),
      list(["b"], "10"),
      watching([event("ADDED", pod("c")), event("DELETED", pod("a"))], "open"),
    ];
    return run(
      Effect.gen(function* () {
        const seen = yield* watchPods.pipe(Stream.take(3), Stream.runCollect);
        assert.deepStrictEqual(seen, ["Listed Pod a,Pod b", "Applied Pod c", "Deleted Pod a"]);
        const [, second, watch] = asked.map(({ searchParams }) => Object.fromEntries(searchParams));
        assert.strictEqual(second?.continue, "page-2");
        assert.deepInclude(watch, {
          watch: "true",
          resourceVersion: "10",
          allowWatchBookmarks: "true",
          labelSelector: "app=envoy",
        });
      }),
    );
  });

  it.live(
    "that the server ended in good order goes on from its last bookmark, without a list",
    () => {
      const bookmark = event("BOOKMARK", { metadata: { resourceVersion: "42" } });
      answers = [
        list([], "10"),
        watching([bookmark], "ended"),
        watching([event("MODIFIED", pod("a"))], "open"),
      ];
      return run(
        Effect.gen(function* () {
          const seen = yield* watchPods.pipe(Stream.take(2), Stream.runCollect);
          assert.deepStrictEqual(seen, ["Listed ", "Applied Pod a"]);
          assert.strictEqual(asked[2]?.searchParams.get("resourceVersion"), "42");
        }),
      );
    },
  );

  const failure = (answersThen: ReadonlyArray<Answer>) =>
    Effect.suspend(() => {
      answers = [...answersThen];
      return run(Effect.flip(Stream.runDrain(watchPods)));
    });

  it.live("fails when its connection is cut", () =>
    Effect.gen(function* () {
      const error = yield* failure([list([], "1"), watching([event("ADDED", pod("a"))], "cut")]);
      assert.strictEqual(error.reason, "Unreachable");
      assert.match(error.message, /^watch pods in ns: /);
    }),
  );

  it.live("fails as expired when the server no longer knows where to go on", () =>
    Effect.gen(function* () {
      const gone = { kind: "Status", code: 410, message: "too old resource version: 1 (9)" };
      const inStream = yield* failure([list([], "1"), watching([event("ERROR", gone)], "open")]);
      assert.deepStrictEqual([inStream.reason, inStream.detail], ["Expired", gone.message]);
      const atOnce = yield* failure([
        list([], "1"),
        (_, response) =>
          response.writeHead(410, { "content-type": "application/json" }).end(JSON.stringify(gone)),
      ]);
      assert.deepStrictEqual([atOnce.reason, atOnce.detail], ["Expired", gone.message]);
    }),
  );

  it.live("closes its connection when it is interrupted", () => {
    let closed: () => void = () => undefined;
    const whenClosed = new Promise<void>((done) => {
      closed = done;
    });
    answers = [
      list([], "1"),
      (request, response) => {
        request.socket.on("close", closed);
        watching([], "open")(request, response);
        response.flushHeaders();
      },
    ];
    return run(
      Effect.gen(function* () {
        const watch = yield* Effect.forkChild(Stream.runDrain(watchPods));
        while (asked.length < 2 && watch.pollUnsafe() === undefined)
          yield* Effect.sleep("5 millis");
        assert.isUndefined(watch.pollUnsafe());
        yield* Fiber.interrupt(watch);
        yield* Effect.promise(() => whenClosed);
      }),
    );
  });

  it.live("reads an object that comes in many pieces", () => {
    const large = event("ADDED", { ...pod("a"), data: "é".repeat(300_000) });
    answers = [list([], "1"), watching([large, event("ADDED", pod("b"))], "open")];
    return run(
      Effect.gen(function* () {
        const seen = yield* watchPods.pipe(Stream.take(3), Stream.runCollect);
        assert.deepStrictEqual(seen, ["Listed ", "Applied Pod a", "Applied Pod b"]);
      }),
    );
  });
});

describe("a server in a pod", () => {
  const ref = {
    namespace: "ns",
    pod: "p",
    port: 19001,
    path: "/stats/prometheus",
    query: { filter: "\\.rq_active$" },
  };

  it.live("is asked through the API server, with its query", () => {
    answers = [(_, response) => response.writeHead(200, { "content-type": "text/plain" }).end("7")];
    return run(
      Effect.gen(function* () {
        const kubectl = yield* Kubectl;
        assert.strictEqual(yield* kubectl.podHttp(ref), "7");
        const [{ pathname, searchParams } = new URL("http://none")] = asked;
        assert.strictEqual(pathname, "/api/v1/namespaces/ns/pods/p:19001/proxy/stats/prometheus");
        assert.strictEqual(searchParams.get("filter"), "\\.rq_active$");
      }),
    );
  });

  it.live.each([
    [403, "Forbidden"],
    [404, "NotServed"],
  ] as const)("that answers %d is %s", ([status, reason]) => {
    answers = [(_, response) => response.writeHead(status).end()];
    return run(
      Effect.gen(function* () {
        const kubectl = yield* Kubectl;
        assert.strictEqual((yield* Effect.flip(kubectl.podHttp(ref))).reason, reason);
      }),
    );
  });
});

describe("the log of a container", () => {
  const ref = { namespace: "ns", pod: "p", container: "envoy", previous: true, tailLines: 5 };

  it.live("is text, even where it looks like JSON", () => {
    answers = [
      (_, response) => response.writeHead(200, { "content-type": "text/plain" }).end('{"a":1}'),
    ];
    return run(
      Effect.gen(function* () {
        const kubectl = yield* Kubectl;
        assert.strictEqual(yield* kubectl.podLog(ref), '{"a":1}');
        const [{ pathname, searchParams } = new URL("http://none")] = asked;
        assert.strictEqual(pathname, "/api/v1/namespaces/ns/pods/p/log");
        assert.deepInclude(Object.fromEntries(searchParams), {
          container: "envoy",
          previous: "true",
          tailLines: "5",
        });
      }),
    );
  });
});

describe("an object that nests more deeply than there is stack for", () => {
  const nested = (levels: number): unknown =>
    levels === 0 ? 1 : { ...(pod("a") as object), deep: JSON.parse(deepJson(levels, '{"a":')) };
  const ref = { type: Pod, name: "a", namespace: "ns" };
  /** By hand: what is so deep cannot be turned into text again. */
  const raw =
    (text: string): Answer =>
    (_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(text);
  const deepPod = `{"metadata":{"name":"a"},"spec":${deepJson(9_990, '{"a":')}}`;

  it.live("is refused in words, alone and in a list", () => {
    answers = [raw(deepPod), raw(`{"items":[${deepPod}]}`), json(nested(100))];
    return run(
      Effect.gen(function* () {
        const kubectl = yield* Kubectl;
        const refused = [
          yield* Effect.flip(kubectl.get(ref)),
          yield* Effect.flip(kubectl.list({ type: Pod, namespace: "ns" })),
        ];
        for (const { reason, message } of refused) {
          assert.strictEqual(reason, "Rejected");
          assert.match(message, /nests more deeply/);
        }
        assert.isTrue(Option.isSome(yield* kubectl.get(ref)));
      }),
    );
  });

  it.live("ends a watch in words", () => {
    answers = [list([], "1"), raw(`{"type":"ADDED","object":${deepPod}}\n`)];
    return run(
      Effect.gen(function* () {
        const watched = (yield* Kubectl).watch({ type: Pod, namespace: "ns" });
        const error = yield* Effect.flip(Stream.runDrain(watched));
        assert.match(error.message, /nests more deeply/);
      }),
    );
  });
});

describe("a connection that is dropped under a request", () => {
  const hangUp: Answer = (request) => request.socket.destroy();
  const ref = { type: Pod, name: "a", namespace: "ns" };

  it.live("is no answer to a read: it is asked again", () => {
    answers = [hangUp, json(pod("a"))];
    return run(
      Effect.gen(function* () {
        const found = yield* (yield* Kubectl).get(ref);
        assert.isTrue(Option.isSome(found));
        assert.strictEqual(asked.length, 2);
      }),
    );
  });

  it.live("may have come after a write was done: it is never sent twice", () => {
    answers = [hangUp, json(pod("a"))];
    return run(
      Effect.gen(function* () {
        const object = { apiVersion: "v1", kind: "Pod", ...pod("a") };
        const error = yield* Effect.flip((yield* Kubectl).create(Pod, object));
        assert.strictEqual(error.reason, "Unreachable");
        assert.strictEqual(asked.length, 1);
      }),
    );
  });
});
