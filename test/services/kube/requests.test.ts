import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Option, Stream } from "effect";
import { afterEach, beforeEach } from "vitest";
import { Deployment, Pod } from "../../../src/domain/kube/objects.ts";
import { Kubectl, type KubectlError } from "../../../src/services/kube/Kubectl.ts";
import { layerKubectlApi } from "../../../src/services/kube/KubectlApi.ts";
import {
  type Answer,
  type Asked,
  answerJson,
  kubeconfigFor,
  type LoopbackServer,
  startLoopbackServer,
} from "./loopback.ts";

/** The live layer against a server on loopback that wants a login and turns requests away. */

let folder: string;
let server: LoopbackServer;
let asked: ReadonlyArray<Asked>;
let answer: Answer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tare-requests-"));
  server = await startLoopbackServer((response, seen) => answer(response, seen));
  asked = server.asked;
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const run = <A>(user: object, work: Effect.Effect<A, KubectlError, Kubectl>) =>
  Effect.suspend(() => {
    const kubeconfig = join(folder, "config");
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigFor(server.url, user)));
    return Effect.provide(work, layerKubectlApi({ kubeconfig, context: undefined }));
  });

const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "ns" } };
const get = Effect.flatMap(Kubectl, (kubectl) =>
  kubectl.get({ type: Pod, name: "a", namespace: "ns" }),
);
const create = Effect.flatMap(Kubectl, (kubectl) => kubectl.create(Pod, pod));

const good: Answer = (response) => answerJson(response, pod);
const refuse = (response: ServerResponse, status: number, headers = {}) =>
  response.writeHead(status, { "content-type": "text/plain", ...headers }).end("Too many requests");

describe("a request that is turned away", () => {
  const TOKEN = { token: "t" };

  it.live("is sent again with its body, whatever its verb", () => {
    answer = (response) =>
      asked.length < 3
        ? refuse(response, asked.length === 1 ? 429 : 503, { "retry-after": "0" })
        : good(response, asked[0] as Asked);
    return Effect.map(run(TOKEN, create), () => {
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["POST", "POST", "POST"],
      );
      assert.deepStrictEqual(
        new Set(asked.map(({ body }) => body)),
        new Set([JSON.stringify(pod)]),
      );
    });
  });

  it.live("is given up after ten times more, with the server's words", () => {
    answer = (response) => refuse(response, 429, { "retry-after": "0" });
    return Effect.map(Effect.flip(run(TOKEN, create)), ({ reason, detail }) => {
      assert.strictEqual(asked.length, 11);
      assert.deepStrictEqual([reason, detail], ["ServerError", "HTTP 429: Too many requests"]);
    });
  });

  it.live("with 503 and no time is not sent twice if it writes", () => {
    answer = (response) => refuse(response, 503);
    return Effect.map(Effect.flip(run(TOKEN, create)), () => assert.strictEqual(asked.length, 1));
  });

  it.live("may be a watch", () => {
    const list = { metadata: { resourceVersion: "1" }, items: [] };
    answer = (response) => {
      if (asked.length === 1)
        return void response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify(list));
      if (asked.length === 2) return void refuse(response, 429, { "retry-after": "0" });
      response.writeHead(200).write(`${JSON.stringify({ type: "ADDED", object: pod })}\n`);
    };
    const watch = Stream.unwrap(
      Effect.map(Kubectl, (kubectl) => kubectl.watch({ type: Pod, namespace: "ns" })),
    );
    return Effect.map(run(TOKEN, Stream.runCollect(Stream.take(watch, 2))), (seen) =>
      assert.deepStrictEqual(
        seen.map(({ _tag }) => _tag),
        ["Listed", "Applied"],
      ),
    );
  });

  it.live("slows the others down: many at once all get through a server of two seats", () => {
    let seats = 2;
    answer = (response, one) => {
      if (seats === 0) return void refuse(response, 429, { "retry-after": "0" });
      seats -= 1;
      setTimeout(() => {
        seats += 1;
        good(response, one);
      }, 5);
    };
    const many = Effect.all(
      Array.from({ length: 40 }, () => create),
      { concurrency: "unbounded" },
    );
    return Effect.map(run(TOKEN, many), (made) => {
      assert.strictEqual(made.length, 40);
      assert.isBelow(asked.length, 80);
    });
  });
});

describe("a request about something else", () => {
  const tooLate = { duration: "5 seconds", orElse: () => Effect.die("it was not sent") } as const;

  it.live("does not wait behind calls that take long, or are turned away", () => {
    const waiting: Array<() => void> = [];
    answer = (response, one) => {
      if (one.method === "POST") {
        const isLate = asked.length > 20;
        if (isLate) waiting.push(() => good(response, one));
        else refuse(response, 429, { "retry-after": "0" });
        return;
      }
      good(response, one);
      // Those that come later are answered at once.
      answer = good;
      for (const go of waiting) go();
    };
    const calls = Effect.forEach(Array.from({ length: 40 }), () => create, {
      concurrency: "unbounded",
    });
    const other = Effect.flatMap(Kubectl, (kubectl) =>
      kubectl.get({ type: Deployment, name: "a", namespace: "ns" }),
    );
    // After the server has seen all that go ahead.
    const later = Effect.delay(other, "300 millis");
    const both = Effect.all([calls, later], { concurrency: 2 });
    return run({ token: "t" }, Effect.timeoutOrElse(both, tooLate));
  });
});

/** A plugin that counts its runs in `runs` and whose token is the number of the run. */
const plugin = (more = "") => {
  const file = join(folder, "login");
  writeFileSync(
    file,
    `#!/bin/sh\ncd '${folder}'\necho run >> runs\nsleep 0.1\n${more}\nprintf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$(wc -l < runs | tr -d ' ')"\n`,
  );
  chmodSync(file, 0o700);
  return {
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./login",
      interactiveMode: "Never",
      installHint: "brew install login",
    },
  };
};
const runs = () => readFileSync(join(folder, "runs"), "utf8").trim().split("\n").length;

describe("a login", () => {
  it.live("by a plugin happens once for all who wait", () => {
    answer = good;
    const all = Effect.all(
      Array.from({ length: 14 }, () => get),
      { concurrency: "unbounded" },
    );
    return Effect.map(run(plugin(), all), () => {
      assert.strictEqual(runs(), 1);
      assert.deepStrictEqual(
        new Set(asked.map(({ authorization }) => authorization)),
        new Set(["Bearer 1"]),
      );
    });
  });

  it.live("goes on for the others when the first who waited gives up", () => {
    answer = good;
    const impatient = Effect.timeoutOption(get, "20 millis");
    const both = Effect.gen(function* () {
      assert.isTrue(Option.isNone(yield* impatient));
      return yield* get;
    });
    return Effect.map(run(plugin(), both), () => assert.strictEqual(runs(), 1));
  });

  it.live(
    "is renewed once for all when the server no longer takes it, and the request repeated",
    () => {
      answer = (response, one) =>
        one.authorization === "Bearer 2" ? good(response, one) : refuse(response, 401);
      const all = Effect.all(
        Array.from({ length: 8 }, () => create),
        { concurrency: "unbounded" },
      );
      return Effect.map(run(plugin(), all), () => assert.strictEqual(runs(), 2));
    },
  );

  it.live("that stays refused ends the request", () => {
    answer = (response) => refuse(response, 401);
    return Effect.map(Effect.flip(run(plugin(), get)), ({ reason }) => {
      assert.deepStrictEqual([reason, asked.length, runs()], ["Unauthorized", 2, 2]);
    });
  });

  it.live("by a plugin that fails or is not there says so, with the hint to install it", () =>
    Effect.gen(function* () {
      const failing = yield* Effect.flip(run(plugin("exit 3"), get));
      assert.match(
        failing.message,
        /^get credentials: the credential plugin .*login failed with exit code 3$/,
      );
      const { exec } = plugin();
      const absent = yield* Effect.flip(run({ exec: { ...exec, command: "no-such-login" } }, get));
      assert.strictEqual(
        absent.detail,
        "the credential plugin no-such-login is not installed. brew install login",
      );
    }),
  );

  it.live("by a token in a file follows the file", () => {
    answer = good;
    const token = (text: string) =>
      Effect.sync(() => writeFileSync(join(folder, "token"), `${text}\n`));
    const twice = Effect.gen(function* () {
      yield* get;
      yield* token("two");
      yield* get;
      rmSync(join(folder, "token"));
      yield* get;
    });
    writeFileSync(join(folder, "token"), " one\n");
    return Effect.map(run({ tokenFile: "token" }, twice), () =>
      assert.deepStrictEqual(
        asked.map(({ authorization }) => authorization),
        ["Bearer one", "Bearer two", "Bearer two"],
      ),
    );
  });

  it.live("may be with a name and a password, and in the name of somebody else", () => {
    answer = good;
    const user = {
      username: "me",
      password: "pass",
      as: "oncall",
      "as-uid": "7",
      "as-groups": ["a", "b"],
      "as-user-extra": { "corp.example/Reason": ["x"] },
    };
    return Effect.map(run(user, get), () => {
      const [{ headers, authorization } = { headers: {}, authorization: "" }] = asked;
      assert.strictEqual(authorization, `Basic ${Buffer.from("me:pass").toString("base64")}`);
      assert.deepInclude(headers, {
        "impersonate-user": "oncall",
        "impersonate-uid": "7",
        "impersonate-group": "a, b",
        "impersonate-extra-corp.example%2freason": "x",
      });
    });
  });
});
