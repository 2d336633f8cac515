/** The HTTP client of the doctor against a receiver on loopback that checks schema and token. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import { registered } from "../../../src/domain/events/serve-url.ts";
import type { Identity } from "../../../src/domain/identity/identity.ts";
import { ManagementPlane } from "../../../src/services/events/ManagementPlane.ts";
import {
  eventsUrl,
  layerManagementPlaneHttp,
} from "../../../src/services/events/ManagementPlaneHttp.ts";
import { describeEventReason } from "../../../src/words/events/doctor.ts";
import { installEvent } from "../../../src/words/events/install-event.ts";
import { answer, reset, startReceiver, type Treatment } from "../../cluster/doctor/receiver.ts";
import { IDENTITY } from "../../fakes/index.ts";
import { LOOPBACK } from "../kube/loopback-certificate.ts";

const EVENT = JSON.stringify(
  installEvent({
    release: { name: "tars", namespace: "tars-system" },
    subject: { _tag: "Revision", revision: 7, identity: "uid-7" },
    operation: "upgrade",
    outcome: { status: "success" },
    fromVersion: "1.1.0",
    toVersion: "1.2.0",
    startedAt: new Date(0),
    finishedAt: new Date(1),
    cliVersion: "1.2.0",
    workspaceId: "ws-1",
    source: "cli",
  }),
);

const KEYS: ReadonlyArray<readonly [string, KeyObject]> = [
  ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
  ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey],
  ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ["EdDSA", generateKeyPairSync("ed25519").privateKey],
];

const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;

/** A receiver that knows the key, and one event sent to it twice. */
const sendTwice = Effect.fnUntraced(function* (
  alg: string,
  privateKey: KeyObject,
  treat?: Treatment,
) {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
  const receiver = yield* Effect.acquireRelease(
    Effect.promise(() => startReceiver(() => ({ alg, spki, kid: "key-1" }))),
    (one) => Effect.promise(() => one.close()),
  );
  if (treat !== undefined) receiver.treat = treat;
  const identity: Identity = {
    ...IDENTITY,
    serviceAccountId: "account-1",
    privateKey: Redacted.make(pem(privateKey)),
    managementPlaneUrl: receiver.url,
  };
  const outcomes = yield* Effect.gen(function* () {
    const plane = yield* ManagementPlane;
    return [yield* plane.send(EVENT), yield* plane.send(EVENT)] as const;
  }).pipe(Effect.provide(layerManagementPlaneHttp(identity)));
  return { receiver, outcomes };
}, Effect.scoped);

const [, anyKey] = KEYS[0] as (typeof KEYS)[number];

describe("the management plane over HTTP", () => {
  it.live.each(KEYS)("takes events with tokens of a key for %s", ([alg, key]) =>
    Effect.gen(function* () {
      const { receiver, outcomes } = yield* sendTwice(alg, key);
      assert.deepStrictEqual(receiver.objections, []);
      assert.deepStrictEqual(outcomes, [{ _tag: "Accepted" }, { _tag: "Accepted" }]);
      // One token for both: it is used as long as it lives.
      const ids = receiver.tokens.map(({ payload }) => payload.jti);
      assert.strictEqual(new Set(ids).size, 1);
      assert.strictEqual(receiver.tokens[0]?.payload.workspace_id, "ws-1");
    }),
  );

  it.live("keeps its reason, without what must not be told", () =>
    Effect.gen(function* () {
      const refusing: Treatment = (_, response) => {
        response.writeHead(422).end(`bad\n token Bearer abcdefghij ${"x".repeat(100_000)}`);
        return "refused";
      };
      const { outcomes } = yield* sendTwice("ES256", anyKey, refusing);
      const [outcome] = outcomes;
      assert.strictEqual(outcome._tag, "Rejected");
      const reason = outcome._tag === "Rejected" ? describeEventReason(outcome.reason) : "";
      assert.match(reason, /^HTTP 422: bad token Bearer \[redacted\] x+…$/);
      assert.isBelow(reason.length, 320);
    }),
  );

  it.live("says how long it wants to be left alone", () =>
    Effect.gen(function* () {
      const treat = answer(429, { "retry-after": "7" });
      const { outcomes } = yield* sendTwice("ES256", anyKey, treat);
      assert.include(outcomes[0], { _tag: "TryLater", soon: true, retryAfterMillis: 7_000 });
    }),
  );

  it.live("that breaks the connection is tried later", () =>
    Effect.gen(function* () {
      const { outcomes } = yield* sendTwice("ES256", anyKey, reset);
      assert.include(outcomes[0], { _tag: "TryLater", soon: true });
    }),
  );

  it.live("is not sent to with a key that cannot sign", () =>
    Effect.gen(function* () {
      const { outcomes, receiver } = yield* sendTwice(
        "ES256",
        generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey,
      );
      assert.include(outcomes[0], { _tag: "TryLater", soon: false });
      assert.deepStrictEqual([receiver.received, receiver.objections], [[], []]);
    }),
  );

  it.live("over TLS is trusted by the authorities of SSL_CERT_FILE, and by no others", () =>
    Effect.gen(function* () {
      const server = createServer(LOOPBACK, (request, response) => {
        request.resume().on("end", () => response.writeHead(202).end());
      });
      yield* Effect.acquireRelease(
        Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
        () => Effect.sync(() => server.close()),
      );
      const { port } = server.address() as AddressInfo;
      const identity = { ...IDENTITY, managementPlaneUrl: `https://127.0.0.1:${port}` };
      const send = Effect.flatMap(ManagementPlane, (plane) => plane.send(EVENT)).pipe(
        Effect.provide(layerManagementPlaneHttp(identity)),
      );
      assert.strictEqual((yield* send)._tag, "TryLater");
      const folder = mkdtempSync(join(tmpdir(), "tare-plane-"));
      const file = join(folder, "ca.pem");
      writeFileSync(file, LOOPBACK.cert);
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = process.env.SSL_CERT_FILE;
          process.env.SSL_CERT_FILE = file;
          return before;
        }),
        (before) =>
          Effect.sync(() => {
            if (before === undefined) delete process.env.SSL_CERT_FILE;
            else process.env.SSL_CERT_FILE = before;
            rmSync(folder, { recursive: true });
          }),
      );
      assert.deepStrictEqual(yield* send, { _tag: "Accepted" });
    }).pipe(Effect.scoped),
  );

  it.live.each(KEYS)(
    "is told where a data plane serves, with a token of a key for %s",
    ([alg, key]) =>
      Effect.gen(function* () {
        const spki = createPublicKey(key).export({ type: "spki", format: "pem" }) as string;
        const receiver = yield* Effect.acquireRelease(
          Effect.promise(() => startReceiver(() => ({ alg, spki, kid: "key-1" }))),
          (one) => Effect.promise(() => one.close()),
        );
        const identity: Identity = {
          ...IDENTITY,
          serviceAccountId: "account-1",
          privateKey: Redacted.make(pem(key)),
          managementPlaneUrl: receiver.url,
        };
        const register = (serve_url: string, plane = identity) =>
          Effect.flatMap(ManagementPlane, (to) =>
            to.register({ workspace_id: identity.workspaceId, serve_url, cli_version: "1.2.0" }),
          ).pipe(Effect.provide(layerManagementPlaneHttp(plane)));
        const url = "https://llm.acme.example";
        assert.deepStrictEqual(yield* register(url), { _tag: "Accepted" });
        assert.deepStrictEqual(yield* register(url), { _tag: "Accepted" });
        assert.deepStrictEqual([...receiver.serveUrls], [[identity.workspaceId, url]]);
        assert.deepStrictEqual(receiver.objections, []);
        assert.deepInclude(registered(yield* register("https://taken.example")), {
          _tag: "Refused",
          reason: { _tag: "Answered", status: 409, detail: "it is another workspace's" },
        });
        const gone = { ...identity, managementPlaneUrl: "http://127.0.0.1:1" };
        assert.deepInclude(registered(yield* register(url, gone)), {
          ...{ _tag: "Unreachable", soon: true },
        });
      }).pipe(Effect.scoped),
  );

  it("is found under its address, whatever path that has", () => {
    const path = "/v1/dataplane-install-events";
    assert.strictEqual(eventsUrl("https://a.example").href, `https://a.example${path}`);
    assert.strictEqual(eventsUrl("https://a.example/").href, `https://a.example${path}`);
    assert.strictEqual(eventsUrl("https://a.example/b/").href, `https://a.example/b${path}`);
  });
});
