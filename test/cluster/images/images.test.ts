import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { assert, it as effectIt } from "@effect/vitest";
import { Effect, Layer } from "effect";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { layerImageCopierCrane } from "../../../src/services/images/ImageCopierCrane.ts";
import { ToolCache } from "../../../src/services/tools/ToolCache.ts";
import { IDENTITY_JSON } from "../../cli/support.ts";
import { COPIER_CASES } from "../../contract/image-copier.ts";
import { manifestBytes, type PushedImage, pushImage } from "./content.ts";
import { imagePrograms } from "./programs.ts";
import { PASSWORD, startRegistry, type TestRegistry, USER } from "./registry.ts";

const ROOT = join(import.meta.dirname, "../../..");
const NAMES = ["gateway", "envoy", "redis", "collector", "doctor"];
const TAG = "1.2.0";
/** The place of the images in the private registry. */
const PLACE = "tars";

let programs: Awaited<ReturnType<typeof imagePrograms>>;
let folder: string;
let chart: string;
let source: TestRegistry;
let target: TestRegistry;
let pushed: ReadonlyMap<string, PushedImage>;

beforeAll(async () => {
  programs = await imagePrograms();
  folder = mkdtempSync(join(tmpdir(), "tare-images-"));
  source = await startRegistry(programs.registry);
  const images = new Map<string, PushedImage>();
  for (const name of NAMES) images.set(name, await pushImage(source, `public/${name}`, TAG));
  pushed = images;
  chart = join(folder, "chart");
  mkdirSync(chart);
  writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: tars\nversion: 1.2.0\n");
  const manifest = NAMES.map((name) => [
    name,
    { repository: `${source.host}/public/${name}`, name, tag: TAG },
  ]);
  writeFileSync(
    join(chart, "images.yaml"),
    JSON.stringify({ images: Object.fromEntries(manifest) }),
  );
  writeFileSync(join(folder, "identity.json"), JSON.stringify(IDENTITY_JSON), { mode: 0o600 });
});

afterAll(async () => {
  await source.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Each test has a registry of its own, empty, with a password. */
beforeEach(async () => {
  source.mend();
  target = await startRegistry(programs.registry, { isPrivate: true });
  return () => target.stop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (
  program: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, [...args], { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

const login = (password = PASSWORD): string =>
  JSON.stringify({
    auths: { [target.host]: { auth: Buffer.from(`${USER}:${password}`).toString("base64") } },
  });

/** A home of its own, with Docker's file in it. */
const homeWith = (file: string, content: string): string => {
  const home = mkdtempSync(join(folder, "home-"));
  const path = join(home, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return home;
};

const environmentOf = (home: string) => ({
  HOME: home,
  PATH: "/usr/bin:/bin",
  KUBECONFIG: "/nonexistent",
  TARE_CRANE: programs.crane,
});

const tare = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = environmentOf(homeWith(".docker/config.json", login())),
): Promise<Ended> => run(process.execPath, [join(ROOT, "bin/tare.js"), ...args], env);

const images = (what: string, ...flags: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...["images", what, `${target.host}/${PLACE}`, "--chart-path", chart],
  ...flags,
];

/** Whether all of an image is there, byte for byte, down to its attestation. */
const isWhole = async (name: string): Promise<boolean> => {
  const image = pushed.get(name);
  for (const reference of [TAG, ...(image?.children ?? [])]) {
    const [wanted, found] = [
      await manifestBytes(source, `public/${name}`, reference),
      await manifestBytes(target, `${PLACE}/${name}`, reference),
    ];
    if (wanted === undefined || found === undefined || !wanted.equals(found)) return false;
  }
  return image?.children.length === 3;
};

const wholeOnes = async (): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = [];
  for (const name of NAMES) if (await isWhole(name)) found.push(name);
  return found;
};

describe("tare images sync", () => {
  it("copies indexes as they are, and the second time only asks", async () => {
    const first = await tare(images("sync"));
    assert.strictEqual(first.code, 0, first.stderr);
    assert.strictEqual(first.stdout, "");
    assert.include(first.stderr, `has all 5 images: 5 copied, 0 there before`);
    assert.deepStrictEqual(await wholeOnes(), NAMES);

    const before = [source.requests.length, target.requests.length];
    const second = await tare(images("sync"));
    assert.strictEqual(second.code, 0, second.stderr);
    assert.include(second.stderr, `has all 5 images: 0 copied, 5 there before`);
    for (const [index, registry] of [source, target].entries()) {
      const asked = registry.requests.slice(before[index]).filter((line) => line !== "GET /v2/");
      assert.lengthOf(asked, NAMES.length);
      assert.isTrue(
        asked.every((line) => /^HEAD \/v2\/\S+\/manifests\//.test(line)),
        asked.join("\n"),
      );
    }
    const verified = await tare(images("verify"));
    assert.strictEqual(verified.code, 0, verified.stderr);
  });

  it("--dry-run leaves nothing in the registry, not even a repository", async () => {
    const dry = await tare(images("sync", "--dry-run"));
    assert.strictEqual(dry.code, 0, dry.stderr);
    assert.lengthOf(dry.stderr.trim().split("\n"), NAMES.length);
    const { repositories } = (await (await target.fetch("/v2/_catalog")).json()) as {
      readonly repositories: ReadonlyArray<string>;
    };
    assert.deepStrictEqual(repositories, []);
    assert.isFalse(target.requests.some((line) => /^(?:PUT|PATCH) /.test(line)));
  });

  it("tells everything that is in the way at once, and copies nothing", async () => {
    target.refuse({
      ...{ method: "POST", path: /tars\/envoy\/blobs\/uploads/ },
      ...{ status: 403, code: "DENIED" },
    });
    target.refuse({
      ...{ method: "POST", path: /tars\/redis\/blobs\/uploads/ },
      ...{ status: 404, code: "NAME_UNKNOWN" },
    });
    source.refuse({
      ...{ method: "HEAD", path: /public\/doctor\/manifests/, status: 404, code: "" },
    });
    source.refuse({
      ...{ method: "GET", path: /public\/doctor\/manifests/ },
      ...{ status: 404, code: "MANIFEST_UNKNOWN" },
    });
    const refused = await tare(images("sync"));
    assert.strictEqual(refused.code, 10, refused.stderr);
    const place = `${target.host}/${PLACE}`;
    for (const said of [
      `3 images cannot be brought to ${place}; nothing was copied`,
      `${place}/envoy:${TAG}: this account may not do that, or nobody is logged in`,
      `${place}/redis:${TAG}: there is no such repository, and pushing does not make it`,
      `${source.host}/public/doctor:${TAG}: there is no such image`,
      `docker login ${target.host}`,
      `Make repository ${PLACE}/redis (in Harbor its project) in ${target.host}, then:`,
    ]) {
      assert.include(refused.stderr, said);
    }
    assert.deepStrictEqual(await wholeOnes(), []);
    assert.isFalse(target.requests.some((line) => line.startsWith("PUT ")));
    target.mend();
    source.mend();
    assert.strictEqual((await tare(images("sync"))).code, 0);
    assert.deepStrictEqual(await wholeOnes(), NAMES);
  });

  it("goes on where it was when the registry went away half-way", async () => {
    target.vanishAt("PUT", /tars\/envoy\/manifests\/1\.2\.0$/);
    const broken = await tare(images("sync"));
    assert.strictEqual(broken.code, 31, broken.stderr);
    assert.match(broken.stderr, /could not be copied to \S+; \d (?:was|were) copied/);
    target.mend();
    const there = await wholeOnes();
    assert.notInclude(there, "envoy");
    const again = await tare(images("sync"));
    assert.strictEqual(again.code, 0, again.stderr);
    assert.include(
      again.stderr,
      `has all 5 images: ${NAMES.length - there.length} copied, ${there.length} there before`,
    );
    assert.deepStrictEqual(await wholeOnes(), NAMES);
  });

  it("never replaces what is under a tag, unless it is told to", async () => {
    const other = await pushImage(target, `${PLACE}/redis`, TAG);
    const refused = await tare(images("sync"));
    assert.strictEqual(refused.code, 10, refused.stderr);
    assert.include(refused.stderr, `the tag holds another image (${other.digest}, not `);
    assert.include(refused.stderr, "--overwrite");
    assert.deepStrictEqual(await wholeOnes(), []);
    const told = await tare(images("sync", "--overwrite"));
    assert.strictEqual(told.code, 0, told.stderr);
    assert.deepStrictEqual(await wholeOnes(), NAMES);
  });
});

describe("credentials", () => {
  it("that are wrong, or not there, are what is in the way, and are not shown", async () => {
    const wrong = "wrong-password-9876543210";
    const homes = [
      homeWith(".docker/config.json", login(wrong)),
      homeWith(".docker/config.json", "{}"),
    ];
    for (const home of homes) {
      const refused = await tare(images("sync"), environmentOf(home));
      assert.strictEqual(refused.code, 10, refused.stderr);
      assert.include(refused.stderr, `docker login ${target.host}`);
      for (const secret of [wrong, Buffer.from(`${USER}:${wrong}`).toString("base64")]) {
        assert.notInclude(refused.stderr + refused.stdout, secret);
      }
    }
  });

  it("can be Podman's", async () => {
    const home = homeWith("auth.json", login());
    const env = { ...environmentOf(home), REGISTRY_AUTH_FILE: join(home, "auth.json") };
    const synced = await tare(images("sync"), env);
    assert.strictEqual(synced.code, 0, synced.stderr);
  });

  it("come from a helper as well", async () => {
    const home = homeWith(
      ".docker/config.json",
      JSON.stringify({ credHelpers: { [target.host]: "tare-test" } }),
    );
    const helper = join(home, "docker-credential-tare-test");
    const answer = JSON.stringify({ Username: USER, Secret: PASSWORD });
    writeFileSync(helper, `#!/bin/sh\ncat >/dev/null\necho '${answer}'\n`, { mode: 0o755 });
    const env = { ...environmentOf(home), PATH: `${home}:/usr/bin:/bin` };
    const synced = await tare(images("sync"), env);
    assert.strictEqual(synced.code, 0, synced.stderr);
    assert.notInclude(synced.stderr + synced.stdout, PASSWORD);
  });
});

describe("tare install --image-sync --sync-only", () => {
  it("needs neither a cluster nor a kubeconfig", async () => {
    const registry = `${target.host}/${PLACE}`;
    const words = ["install", "identity.json", "--image-sync", registry, "--sync-only"];
    const synced = await tare([...words, "--chart-path", chart]);
    assert.strictEqual(synced.code, 0, synced.stderr);
    assert.match(synced.stderr, /^\[1\/6\] Image sync\n/);
    assert.deepStrictEqual(await wholeOnes(), NAMES);
  });
});

describe("the closed network of docs/images.md", () => {
  it("gets its images through a folder, the same to the byte", async () => {
    const listed = await tare(["images", "list", "--chart-path", chart]);
    const references = listed.stdout.trim().split("\n");
    assert.lengthOf(references, NAMES.length);
    const env = environmentOf(homeWith(".docker/config.json", login()));
    const carried = mkdtempSync(join(folder, "carried-"));
    for (const reference of references) {
      const layout = join(carried, reference.slice(reference.lastIndexOf("/") + 1));
      const pulled = await run(programs.crane, ["pull", "--format=oci", reference, layout], env);
      assert.strictEqual(pulled.code, 0, pulled.stderr);
      const name = layout.slice(layout.lastIndexOf("/") + 1);
      const place = `${target.host}/${PLACE}/${name}`;
      const sent = await run(programs.crane, ["push", layout, place], env);
      assert.strictEqual(sent.code, 0, sent.stderr);
    }
    assert.deepStrictEqual(await wholeOnes(), NAMES);
    const verified = await tare(images("verify"), env);
    assert.strictEqual(verified.code, 0, verified.stderr);
  });
});

describe("crane", () => {
  effectIt.live.each(COPIER_CASES)("%s", ([, work]) => {
    const image = pushed.get("redis");
    const tools = Layer.succeed(
      ToolCache,
      ToolCache.of({
        locate: (name) => Effect.succeed({ name, path: programs.crane, origin: "environment" }),
      }),
    );
    const answers = {
      denied: { status: 403, code: "DENIED" },
      "no-repository": { status: 404, code: "NAME_UNKNOWN" },
    } as const;
    const home = homeWith(".docker/config.json", login());
    const before = process.env.DOCKER_CONFIG;
    process.env.DOCKER_CONFIG = join(home, ".docker");
    return work({
      source: `${source.host}/public/redis:${TAG}`,
      digest: image?.digest ?? "",
      target: `${target.host}/${PLACE}`,
      refusePush: (trouble) =>
        target.refuse({ method: "POST", path: /uploads\/$/, ...answers[trouble] }),
      mend: target.mend,
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          if (before === undefined) delete process.env.DOCKER_CONFIG;
          else process.env.DOCKER_CONFIG = before;
        }),
      ),
      Effect.provide(layerImageCopierCrane.pipe(Layer.provide([tools, NodeServices.layer]))),
    );
  });
});
