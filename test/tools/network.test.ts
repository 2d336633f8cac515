import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import type { ToolPins } from "../../src/domain/tools/pins.ts";
import { sha256 } from "./archives.ts";
import { listen, mirrorServer, serving } from "./mirror.ts";
import {
  FILES,
  HELM_PATH,
  KUBECTL,
  KUBECTL_PATH,
  pinsFor,
  startTare,
  temporaryFolder,
} from "./support.ts";

const ended = (...of: Parameters<typeof startTare>) => Effect.promise(() => startTare(...of).ended);

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** A certificate that nobody trusts unless told to. */
const certificate = (folder: string) => {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=mirror", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...kind, ...files, ...subject], { stdio: "ignore" });
  return { certFile: cert, key: readFileSync(key), cert: readFileSync(cert) };
};

const secureMirror = (folder: string, files: Readonly<Record<string, Buffer>>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const { certFile, key, cert } = certificate(folder);
        const server = createSecureServer({ key, cert }, serving(files));
        return { server, certFile, url: `https://127.0.0.1:${await listen(server)}` };
      }),
      ({ server }) => Effect.sync(() => void server.close()),
    ),
    ({ certFile, url }) => ({ certFile, url }),
  );

describe("certificate authorities", () => {
  it.live.skipIf(!hasOpenssl)(
    "come from SSL_CERT_FILE or NODE_EXTRA_CA_CERTS, or the mirror is not trusted",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporaryFolder;
        const { certFile, url } = yield* secureMirror(folder, FILES);
        const env = { TARE_TOOLS_MIRROR: url };
        const untrusted = yield* ended(join(folder, "0"), ["tools", "install"], env);
        assert.strictEqual(untrusted.code, 10);
        assert.match(untrusted.stderr, /self-signed certificate/);
        for (const variable of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) {
          const trusting = { ...env, [variable]: certFile };
          const { code, stderr } = yield* ended(
            join(folder, variable),
            ["tools", "install"],
            trusting,
          );
          assert.strictEqual(code, 0, stderr);
        }
      }),
  );

  it.live.skipIf(!hasOpenssl)(
    "a platform without a pinned hash: the project's checksum file over TLS, and it is said",
    () =>
      Effect.gen(function* () {
        const mirror = yield* mirrorServer;
        mirror.serve = serving(FILES);
        const folder = yield* temporaryFolder;
        const right = Buffer.from(`${sha256(KUBECTL)}  kubectl\n`);
        const { certFile, url } = yield* secureMirror(folder, {
          [`${KUBECTL_PATH}.sha256`]: right,
        });
        const pins = { ...pinsFor(), official: { helm: url, kubectl: url, crane: url } };
        const unpinned: ToolPins = {
          ...pins,
          tools: { ...pins.tools, kubectl: { version: "1.36.4", sha256: {} } },
        };
        const env = { TARE_TOOLS_MIRROR: mirror.url, SSL_CERT_FILE: certFile };
        const good = yield* ended(join(folder, "a"), ["tools", "install"], env, { pins: unpinned });
        assert.strictEqual(good.code, 0, good.stderr);
        assert.match(
          good.stderr,
          /warning: kubectl 1\.36\.4 was verified against the project's own checksum file over TLS/,
        );
        mirror.serve = serving({ ...FILES, [KUBECTL_PATH]: Buffer.from("something else") });
        const bad = yield* ended(join(folder, "b"), ["tools", "install"], env, { pins: unpinned });
        assert.strictEqual(bad.code, 10);
        assert.match(bad.stderr, /kubectl: .* is not what the project published/);
        const official = { helm: mirror.url, kubectl: mirror.url, crane: mirror.url };
        const plain = { ...unpinned, official };
        const clear = yield* ended(join(folder, "c"), ["tools", "install"], env, { pins: plain });
        assert.match(clear.stderr, /kubectl: .*: a checksum file must come over https/);
      }),
  );
});

describe("a proxy", () => {
  it.live("from the environment carries the download, unless NO_PROXY excepts the mirror", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      mirror.serve = serving(FILES);
      const { port } = new URL(mirror.url);
      const seen: Array<string> = [];
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer((incoming, response) => {
            const { pathname } = new URL(incoming.url ?? "");
            seen.push(pathname);
            const onward = request({ host: "127.0.0.1", port, path: pathname }, (answer) => {
              response.writeHead(answer.statusCode ?? 0, answer.headers);
              answer.pipe(response);
            });
            onward.end();
          });
          server.on("connect", (_, socket) => {
            seen.push("CONNECT");
            const onward = connect(Number(port), "127.0.0.1", () => {
              socket.write("HTTP/1.1 200 OK\r\n\r\n");
              onward.pipe(socket);
              socket.pipe(onward);
            });
          });
          return { server, url: `http://127.0.0.1:${await listen(server)}` };
        }),
        ({ server }) => Effect.sync(() => void server.close()),
      );
      const folder = yield* temporaryFolder;
      // A name that only the proxy can make something of.
      const closed = { TARE_TOOLS_MIRROR: "http://tools.invalid", HTTP_PROXY: proxy.url };
      const through = yield* ended(join(folder, "a"), ["tools", "install"], closed);
      assert.strictEqual(through.code, 0, through.stderr);
      assert.deepStrictEqual([...seen].sort(), [HELM_PATH, KUBECTL_PATH].sort());
      const direct = {
        TARE_TOOLS_MIRROR: mirror.url,
        HTTP_PROXY: proxy.url,
        NO_PROXY: "127.0.0.1",
      };
      assert.strictEqual((yield* ended(join(folder, "b"), ["tools", "install"], direct)).code, 0);
      assert.strictEqual(seen.length, 2);
    }),
  );

  it.live("a mirror's password and token are never shown", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      const url = mirror.url.replace("http://", "http://me:s3cret@");
      const { stderr } = yield* ended(folder, ["tools", "install"], { TARE_TOOLS_MIRROR: url });
      assert.match(stderr, /HTTP 404/);
      assert.notInclude(stderr, "s3cret");
    }),
  );
});
