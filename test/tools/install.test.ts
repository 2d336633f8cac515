import { mkdirSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Result } from "effect";
import { artifactOf, type Platform, type ToolPins } from "../../src/domain/tools/pins.ts";
import { installTool } from "../../src/services/tools/install.ts";
import { Limits } from "../../src/services/tools/settings.ts";
import { program, type TarEntry, tarGz, zip } from "./archives.ts";
import { type Mirror, mirrorServer, serving } from "./mirror.ts";
import {
  FILES,
  filesBelow,
  HELM,
  HELM_ARCHIVE,
  HELM_PATH,
  PLATFORM,
  pinsFor,
  QUICK,
  temporaryFolder,
} from "./support.ts";

const silent = () => Effect.void;

const install = (
  mirror: Mirror,
  folder: string,
  pins: ToolPins = pinsFor(),
  platform: Platform = PLATFORM,
) =>
  Effect.result(
    installTool(artifactOf(pins, "helm", platform, mirror.url), join(folder, "helm"), silent).pipe(
      Effect.provideService(Limits, QUICK),
    ),
  );

const INSTALLED = ["helm/4.2.4/helm*", "helm/4.2.4/helm.sha256"];

const whole = serving(FILES);

/** Each is a server's way to fail; afterwards nothing is left, and a good server makes the next run work. */
const FAILURES: ReadonlyArray<readonly [string, RequestListener, RegExp]> = [
  ["another file", serving({ [HELM_PATH]: tarGz([]) }), /is not what the project published/],
  [
    "a transfer cut short",
    (_, response) => {
      response.writeHead(200, { "content-length": HELM_ARCHIVE.length });
      response.write(HELM_ARCHIVE.subarray(0, 100), () => response.destroy());
    },
    /127\.0\.0\.1:\d+: aborted/,
  ],
  [
    "a transfer cut short that calls itself complete",
    serving({ [HELM_PATH]: HELM_ARCHIVE.subarray(0, 100) }),
    /its sha256 is [0-9a-f]{64}, not [0-9a-f]{64}/,
  ],
  [
    "an endless answer",
    (_, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    },
    /more than 4194304 bytes/,
  ],
  [
    "an answer that stands still",
    (_, response) => void response.writeHead(200).write("a few bytes"),
    /the transfer stood still for 0\.25 s/,
  ],
  ["no answer", () => undefined, /no answer for 0\.25 s/],
  [
    "redirects in a circle",
    (_, response) => void response.writeHead(302, { location: HELM_PATH }).end(),
    /more than 3 redirects/,
  ],
  [
    "a redirect out of HTTP",
    (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    /redirects from http: to file:/,
  ],
  ["not found", serving({}), /HTTP 404/],
  ["errors only", (_, response) => void response.writeHead(500).end(), /HTTP 500/],
];

describe("a download that fails", () => {
  for (const [name, serve, message] of FAILURES) {
    it.live(`${name}: says so, leaves nothing, and the next run works`, () =>
      Effect.gen(function* () {
        const mirror = yield* mirrorServer;
        const folder = yield* temporaryFolder;
        mirror.serve = serve;
        const failed = yield* install(mirror, folder);
        assert.match(Result.isFailure(failed) ? failed.failure.message : "it worked", message);
        assert.deepStrictEqual(filesBelow(folder), []);
        mirror.serve = whole;
        assert.isTrue(Result.isSuccess(yield* install(mirror, folder)));
        assert.deepStrictEqual(filesBelow(folder), INSTALLED);
      }),
    );
  }

  it.live("once with a 500 is asked for again", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      mirror.serve = (request, response) => {
        mirror.serve = whole;
        response.writeHead(500).end();
        request.resume();
      };
      assert.isTrue(Result.isSuccess(yield* install(mirror, folder)));
      assert.deepStrictEqual(mirror.requests, [HELM_PATH, HELM_PATH]);
    }),
  );
});

describe("a process that died before it had the lock", () => {
  it.live("leaves nothing that outlives the next one's turn; the living are left alone", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      mirror.serve = whole;
      const draft = (name: string, text: string) => {
        mkdirSync(join(folder, "helm"), { recursive: true });
        writeFileSync(join(folder, "helm", `.lock-4.2.4.draft-${name}`), text);
      };
      const owner = (pid: number) => JSON.stringify({ pid, host: hostname() });
      draft("dead", owner(2 ** 22));
      draft("half", '{"pid":');
      draft("alive", owner(process.pid));
      assert.isTrue(Result.isSuccess(yield* install(mirror, folder)));
      assert.deepStrictEqual(filesBelow(folder), ["helm/.lock-4.2.4.draft-alive", ...INSTALLED]);
    }),
  );
});

const entry = `${PLATFORM}/helm`;
const BOMB = Buffer.alloc(16 * 1024 * 1024);

const ARCHIVES: ReadonlyArray<readonly [string, ReadonlyArray<TarEntry>, RegExp | undefined]> = [
  ["that climbs out of the folder", [{ path: `../${entry}`, body: HELM }], /there is no .* in it/],
  ["with a link for a tool", [{ path: entry, linkTo: "/bin/sh" }], /is a SymbolicLink, not a file/],
  [
    "with something huge before the tool",
    [
      { path: "huge", body: BOMB },
      { path: entry, body: HELM },
    ],
    /unpacks to more than 8388608 bytes/,
  ],
  ["with a huge tool", [{ path: entry, body: BOMB }], /unpacks to more than 8388608 bytes/],
  [
    "with something huge after the tool, and things that climb",
    [
      { path: "../../above", body: HELM },
      { path: entry, body: HELM },
      { path: "huge", body: BOMB },
    ],
    undefined,
  ],
];

describe("an archive whose hash is right", () => {
  for (const [name, entries, message] of ARCHIVES) {
    it.live(`${name}: ${message === undefined ? "the tool alone is taken" : "is refused"}`, () =>
      Effect.gen(function* () {
        const mirror = yield* mirrorServer;
        const folder = yield* temporaryFolder;
        const archive = tarGz(entries);
        mirror.serve = serving({ [HELM_PATH]: archive });
        const result = yield* install(mirror, folder, pinsFor(archive));
        if (message === undefined) {
          assert.isTrue(Result.isSuccess(result));
          assert.deepStrictEqual(filesBelow(folder), INSTALLED);
          return;
        }
        assert.match(Result.isFailure(result) ? result.failure.message : "it worked", message);
        assert.deepStrictEqual(filesBelow(folder), []);
      }),
    );
  }

  it.live("but is no archive: is refused", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      const text = Buffer.from("<html>please log in</html>");
      mirror.serve = serving({ [HELM_PATH]: text });
      const result = yield* install(mirror, folder, pinsFor(text));
      assert.match(Result.isFailure(result) ? result.failure.message : "", /is not gzip/);
      assert.deepStrictEqual(filesBelow(folder), []);
    }),
  );

  it.live("of Windows is a zip, of which links are refused too", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const folder = yield* temporaryFolder;
      const name = "windows-amd64/helm.exe";
      for (const isLink of [true, false]) {
        const archive = zip(name, program("4.2.4"), isLink);
        mirror.serve = serving({ "/helm-v4.2.4-windows-amd64.zip": archive });
        const pins = pinsFor(archive, undefined, "windows-amd64");
        const result = yield* install(mirror, folder, pins, "windows-amd64");
        assert.strictEqual(Result.isFailure(result), isLink);
        assert.deepStrictEqual(
          filesBelow(folder),
          isLink ? [] : ["helm/4.2.4/helm.exe*", "helm/4.2.4/helm.exe.sha256"],
        );
      }
    }),
  );
});
