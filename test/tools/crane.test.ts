import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Result } from "effect";
import {
  artifactOf,
  isOffered,
  OFFICIAL,
  PLATFORMS,
  publishedHash,
  type ToolPins,
} from "../../src/domain/tools/pins.ts";
import { judgeTool } from "../../src/domain/tools/version.ts";
import { installTool } from "../../src/services/tools/install.ts";
import pinned from "../../src/services/tools/pins.json" with { type: "json" };
import { Limits } from "../../src/services/tools/settings.ts";
import { program, sha256, tarGz } from "./archives.ts";
import { mirrorServer, serving } from "./mirror.ts";
import { filesBelow, PLATFORM, pinsFor, QUICK, temporaryFolder } from "./support.ts";

const PINS: ToolPins = { tools: pinned, official: OFFICIAL };
const RELEASE = "google/go-containerregistry/releases/download/v0.22.1";

const CRANE = program("0.22.1");
const ARCHIVE = tarGz([
  { path: "LICENSE", body: Buffer.from("free") },
  { path: "crane", body: CRANE },
  { path: "gcrane", body: Buffer.from("another program") },
]);

describe("crane", () => {
  it("is an archive of the project's release, by the project's names for machines", () => {
    const urls = PLATFORMS.map((platform) => artifactOf(PINS, "crane", platform).url);
    assert.deepStrictEqual(
      urls.map((url) => url.replace(`https://github.com/${RELEASE}/go-containerregistry_`, "")),
      [
        "Linux_x86_64.tar.gz",
        "Linux_arm64.tar.gz",
        "Darwin_x86_64.tar.gz",
        "Darwin_arm64.tar.gz",
        "Windows_x86_64.tar.gz",
        "Windows_arm64.tar.gz",
      ],
    );
    const { entry, executable } = artifactOf(PINS, "crane", "windows-amd64");
    assert.deepStrictEqual([entry, executable], ["crane.exe", "crane.exe"]);
  });

  it("is not offered where no hash is pinned", () => {
    const without = PLATFORMS.filter((platform) => !isOffered(PINS, "crane", platform));
    assert.deepStrictEqual(without, ["windows-arm64"]);
    assert.isTrue(PLATFORMS.every((platform) => isOffered(PINS, "kubectl", platform)));
  });

  it("has one line of the project's checksum file", () => {
    const [one, other] = ["ab".repeat(32), "cd".repeat(32)];
    const file = `${one}  crane_Linux_x86_64.tar.gz\n${other}  crane_Linux_arm64.tar.gz\n`;
    assert.strictEqual(publishedHash(file, "crane_Linux_arm64.tar.gz"), other);
    assert.strictEqual(publishedHash(file, "crane_Linux_x86_64.tar.gz"), one);
    assert.strictEqual(publishedHash(`${one}\n`, "anything"), one);
  });

  it("of another origin is taken from 0.22.1 on", () => {
    const verdicts = ["0.22.1", "v0.22.2", "1.0.0", "0.21.9", "v0.22.0", "(devel)"].map(
      (version) => judgeTool("crane", version)._tag === "Suitable",
    );
    assert.deepStrictEqual(verdicts, [true, true, true, false, false, false]);
  });

  it.live("is the one file that is unpacked of a verified archive", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const artifact = artifactOf(
        pinsFor(undefined, undefined, PLATFORM, ARCHIVE),
        "crane",
        PLATFORM,
        mirror.url,
      );
      assert.strictEqual(artifact.sha256, sha256(ARCHIVE));
      mirror.serve = serving({ [`/${artifact.path}`]: ARCHIVE });
      const folder = yield* temporaryFolder;
      const install = installTool(artifact, join(folder, "crane"), () => Effect.void).pipe(
        Effect.provideService(Limits, QUICK),
      );
      const path = yield* install;
      assert.deepStrictEqual(readFileSync(path), CRANE);
      assert.deepStrictEqual(filesBelow(folder), [
        "crane/0.22.1/crane*",
        "crane/0.22.1/crane.sha256",
      ]);
    }),
  );

  it.live("without a pinned hash is not even downloaded", () =>
    Effect.gen(function* () {
      const mirror = yield* mirrorServer;
      const artifact = artifactOf(pinsFor(), "crane", PLATFORM, mirror.url);
      const folder = yield* temporaryFolder;
      const ended = yield* Effect.result(
        installTool(artifact, join(folder, "crane"), () => Effect.void).pipe(
          Effect.provideService(Limits, QUICK),
        ),
      );
      assert.match(
        Result.isFailure(ended) ? ended.failure.message : "",
        /^this build has no sha256 of crane 0\.22\.1 for \S+, and runs nothing unverified$/,
      );
      assert.deepStrictEqual(mirror.requests, []);
    }),
  );
});
