import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { EMPTY, FakeRegistries, tarsChart, world, writesOf } from "../fakes/index.ts";
import { runCli, runUpgradeCli } from "./support.ts";

const REGISTRY = "registry.example.com/tars";
const NAMES = ["gateway:v1.8.3", "envoy:envoy-1.2.0", "redis:8.2.4-alpine3.22"];
const SOURCES = [
  "docker.io/envoyproxy/gateway:v1.8.3",
  "docker.io/envoyproxy/envoy:envoy-1.2.0",
  "docker.io/library/redis:8.2.4-alpine3.22",
];
const digestOf = (index: number): string => `sha256:${String(index + 1).repeat(64)}`;

/** All images are public, as they are for everybody. */
const published = Effect.gen(function* () {
  const registries = yield* FakeRegistries;
  for (const [index, source] of SOURCES.entries()) yield* registries.put(source, digestOf(index));
  return registries;
});

const requestsOf = Effect.map(
  Effect.flatMap(FakeRegistries, ({ requests }) => requests),
  (requests) => requests.map(([what]) => what),
);

const inRegistry = Effect.gen(function* () {
  const { at } = yield* FakeRegistries;
  return yield* Effect.forEach(NAMES, (name) => at(`${REGISTRY}/${name}`));
});
const ALL = NAMES.map((_, index) => digestOf(index));

describe("tare images list", () => {
  it.effect("prints one reference to a line, and nothing else", () =>
    Effect.gen(function* () {
      const run = yield* runCli(["images", "list"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(run.stdout, SOURCES);
      assert.deepStrictEqual(run.stderr, []);
      assert.deepStrictEqual(yield* requestsOf, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("prints what values and flags make of them", () =>
    Effect.gen(function* () {
      const values = JSON.stringify({ images: { redis: { tag: "9" } } });
      const run = yield* runCli(["images", "list", "--image-tag", "2", "--values", values]);
      assert.deepStrictEqual(run.stdout, [
        "docker.io/envoyproxy/gateway:2",
        // The chart's own defaults give it a tag of its own.
        "docker.io/envoyproxy/envoy:envoy-1.2.0",
        "docker.io/library/redis:9",
      ]);
      const json = yield* runCli(["images", "list", "--output", "json"]);
      const [listed] = json.stdout.map((line) => JSON.parse(line));
      assert.deepInclude(listed, { type: "images-listed", version: "1.2.0", images: SOURCES });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("says so where a chart lists none", () =>
    Effect.gen(function* () {
      const run = yield* runCli(["images", "list"]);
      assert.strictEqual(run.code, 23);
      assert.include(run.everything, "it has no images.yaml");
      assert.include(run.everything, "tare images list");
    }).pipe(
      Effect.provide(
        world({ ...EMPTY, chart: { ...tarsChart({ version: "1.2.0" }), images: [] } }),
      ),
    ),
  );
});

describe("tare images sync", () => {
  it.effect("copies what is missing, a line for each, and then only looks", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.put(`${REGISTRY}/${NAMES[2]}`, digestOf(2));
      const first = yield* runCli(["images", "sync", REGISTRY]);
      assert.strictEqual(first.code, 0, first.everything);
      assert.deepStrictEqual(first.stdout, []);
      assert.deepStrictEqual(first.stderr, [
        `3 images for ${REGISTRY}, 1 there already`,
        ...[0, 1].map((index) => `copying ${SOURCES[index]} → ${REGISTRY}/${NAMES[index]}`),
        ...[0, 1].map(
          (index) => `copied ${REGISTRY}/${NAMES[index]} in 1s (${digestOf(index).slice(0, 19)})`,
        ),
        `${REGISTRY} has all 3 images: 2 copied, 1 there before`,
      ]);
      assert.deepStrictEqual(yield* inRegistry, ALL);
      const before = (yield* requestsOf).length;
      const second = yield* runCli(["images", "sync", REGISTRY]);
      assert.strictEqual(second.code, 0, second.everything);
      assert.deepStrictEqual(new Set((yield* requestsOf).slice(before)), new Set(["digest"]));
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("works three at a time, and is not silent for longer than a minute", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.takes("150 seconds");
      const run = yield* runCli(["images", "sync", REGISTRY]);
      assert.strictEqual(run.elapsed, 150_000);
      const signs = run.stderr.filter((line) => line.includes("still copying"));
      assert.deepStrictEqual(
        signs,
        ["1m", "2m"].flatMap((time) =>
          NAMES.map((name) => `still copying ${REGISTRY}/${name} (${time})`),
        ),
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("tells everything that is in the way at once, before anything is copied", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.put(`${REGISTRY}/${NAMES[0]}`, digestOf(7));
      yield* registries.refuse(
        { to: `${REGISTRY}/envoy`, of: "push", trouble: "denied", detail: "DENIED: read only" },
        { to: "docker.io/library", of: "digest", trouble: "rate-limited" },
      );
      for (const flags of [[], ["--dry-run"]]) {
        const run = yield* runCli(["images", "sync", REGISTRY, ...flags]);
        assert.strictEqual(run.code, 10);
        for (const said of [
          `3 images cannot be brought to ${REGISTRY}; nothing was copied`,
          `${REGISTRY}/gateway:v1.8.3: the tag holds another image (${digestOf(7)}, not ${digestOf(0)})`,
          `${REGISTRY}/envoy:envoy-1.2.0: this account may not do that, or nobody is logged in (DENIED: read only)`,
          "docker.io/library/redis:8.2.4-alpine3.22: the registry wants no more requests for now",
          "docker login registry.example.com",
          `tare images sync ${REGISTRY} --overwrite`,
        ]) {
          assert.include(run.everything, said);
        }
        assert.strictEqual(
          run.stderr.at(-1),
          `tare images sync ${REGISTRY} ${flags.join("")}`.trim(),
        );
      }
      assert.notInclude(yield* requestsOf, "copy");
      assert.deepStrictEqual(yield* inRegistry, [digestOf(7), undefined, undefined]);
      yield* registries.mend;
      const mended = yield* runCli(["images", "sync", REGISTRY, "--overwrite"]);
      assert.strictEqual(mended.code, 0, mended.everything);
      assert.deepStrictEqual(yield* inRegistry, ALL);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("--dry-run shows where each goes, and leaves everything as it is", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.put(`${REGISTRY}/${NAMES[2]}`, digestOf(2));
      const run = yield* runCli(["images", "sync", REGISTRY, "--dry-run"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(run.stderr, [
        `${SOURCES[0]} → ${REGISTRY}/${NAMES[0]}  to copy (sha256:111111111111)`,
        `${SOURCES[1]} → ${REGISTRY}/${NAMES[1]}  to copy (sha256:222222222222)`,
        `${REGISTRY}/${NAMES[2]}  there (sha256:333333333333)`,
      ]);
      assert.notInclude(yield* requestsOf, "copy");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("that ends half-way exits with 31, and the same command goes on from there", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.refuse({
        ...{ to: REGISTRY, of: "copy", trouble: "unreachable", after: 1 },
        detail: "connection refused",
      });
      const broken = yield* runCli(["images", "sync", REGISTRY, "--output", "json"]);
      assert.strictEqual(broken.code, 31);
      const records = broken.stdout.map((line) => JSON.parse(line));
      const ends = records.filter(({ type, state }) => type === "image" && state !== "copying");
      assert.deepStrictEqual(ends.map(({ state }) => state).sort(), ["copied", "failed", "failed"]);
      const { error, hints } = records.at(-1);
      assert.strictEqual(error.code, "ImagesIncomplete");
      assert.strictEqual(error.what, `2 images could not be copied to ${REGISTRY}; 1 was copied`);
      assert.strictEqual(hints.at(-1).commands[0], `tare images sync ${REGISTRY}`);
      yield* registries.mend;
      const again = yield* runCli(["images", "sync", REGISTRY]);
      assert.strictEqual(again.code, 0, again.everything);
      assert.include(again.stderr, `${REGISTRY} has all 3 images: 2 copied, 1 there before`);
      assert.deepStrictEqual(yield* inRegistry, ALL);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("without crane says the three ways to get it", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.loseCopier;
      const run = yield* runCli(["images", "sync", REGISTRY]);
      assert.strictEqual(run.code, 10);
      assert.include(run.everything, "crane, which copies the images, cannot be used");
      assert.include(run.everything, "export TARE_CRANE=/path/to/crane");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("stops when it is told to", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.takes("1 hour");
      const run = yield* runCli(["images", "sync", REGISTRY], {
        signal: { name: "SIGINT", after: "10 seconds" },
      });
      assert.strictEqual(run.code, 130);
      assert.isBelow(run.sinceSignal, 1_000);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("refuses what is no registry", () =>
    Effect.gen(function* () {
      for (const word of ["https://r.example.com", "r.example.com/", "r.example.com/a:1@b", ""]) {
        const run = yield* runCli(["images", "sync", word]);
        assert.strictEqual(run.code, 2, word);
      }
      assert.strictEqual((yield* runCli(["images", "sync"])).code, 2);
      assert.deepStrictEqual(yield* requestsOf, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("tare images verify", () => {
  it.effect("names what is missing and what is another image, and the command that mends it", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.put(`${REGISTRY}/${NAMES[0]}`, digestOf(0));
      yield* registries.put(`${REGISTRY}/${NAMES[1]}`, digestOf(9));
      const run = yield* runCli(["images", "verify", REGISTRY]);
      assert.strictEqual(run.code, 31);
      assert.include(
        run.everything,
        `2 images of the chart are not in ${REGISTRY} as they should be`,
      );
      assert.include(run.everything, `${REGISTRY}/${NAMES[2]}: there is no such image`);
      assert.include(run.everything, `tare images sync ${REGISTRY}`);
      assert.deepStrictEqual(new Set(yield* requestsOf), new Set(["digest"]));
      yield* registries.put(`${REGISTRY}/${NAMES[1]}`, digestOf(1));
      yield* registries.put(`${REGISTRY}/${NAMES[2]}`, digestOf(2));
      assert.strictEqual((yield* runCli(["images", "verify", REGISTRY])).code, 0);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("in a closed network tells what is there, and that nothing was compared", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      for (const name of NAMES) yield* registries.put(`${REGISTRY}/${name}`, digestOf(4));
      yield* registries.refuse({ to: "docker.io", of: "digest", trouble: "unreachable" });
      for (const what of ["verify", "sync"]) {
        const run = yield* runCli(["images", what, REGISTRY]);
        assert.strictEqual(run.code, 0, run.everything);
        const uncompared = run.stderr.filter((line) => line.includes("cannot be asked"));
        assert.lengthOf(uncompared, 3);
      }
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("tare install --image-sync", () => {
  const install = (...flags: ReadonlyArray<string>) =>
    runCli(["install", "FOLDER/identity.json", "--image-sync", REGISTRY, ...flags]);

  it.effect("--sync-only brings the images, and asks the cluster nothing", () =>
    Effect.gen(function* () {
      yield* published;
      const run = yield* install("--sync-only");
      assert.strictEqual(run.code, 0, run.everything);
      assert.strictEqual(run.stderr[0], "[1/6] Image sync");
      assert.strictEqual(
        run.stderr.at(-1),
        `${REGISTRY} has all 3 images: 3 copied, 0 there before`,
      );
      assert.deepStrictEqual(yield* inRegistry, ALL);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      assert.deepStrictEqual(run.invocations, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("installs from there, in six phases", () =>
    Effect.gen(function* () {
      yield* published;
      const run = yield* install("--yes");
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(
        run.stderr.filter((line) => /^\[\d/.test(line)),
        [
          "[1/6] Image sync",
          "[2/6] Preflight (Helm / kubectl / cluster)",
          "[3/6] Configuration",
          "[4/6] Namespaces and secrets",
          "[5/6] Apply / update CRDs",
          "[6/6] Helm install",
        ],
      );
      assert.deepInclude(run.values.global, { imageRegistry: REGISTRY });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("installs nothing when an image is missing, and repeats its own command", () =>
    Effect.gen(function* () {
      const registries = yield* published;
      yield* registries.refuse({ to: `${REGISTRY}/redis`, of: "copy", trouble: "unreachable" });
      const run = yield* install("--yes", "--image-tag", "1");
      assert.strictEqual(run.code, 10);
      const again = yield* install("--yes");
      assert.strictEqual(again.code, 31);
      assert.include(again.everything, `tare install identity.json --yes --image-sync ${REGISTRY}`);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("--sync-only goes with --image-sync alone", () =>
    Effect.gen(function* () {
      const run = yield* runCli(["install", "FOLDER/identity.json", "--sync-only", "--yes"]);
      assert.strictEqual(run.code, 2);
      assert.include(run.everything, "it goes with --image-sync REGISTRY");
      for (const other of ["--plan", "--print-values", "--crds-only"]) {
        const both = yield* install(other);
        assert.strictEqual(both.code, 2, other);
        assert.include(both.everything, "it does not go with --image-sync");
      }
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("an upgrade", () => {
  const OWN = "gcr.io/acme/tars";
  /** The installed release names the registry, the new chart the images. */
  const warned = (run: { readonly stderr: ReadonlyArray<string> }) =>
    run.stderr.filter((line) => line.includes("does not have"));

  it.effect("names the images that its registry lacks, before it writes, as its plan does", () =>
    Effect.gen(function* () {
      const registries = yield* FakeRegistries;
      yield* registries.keepCopier;
      yield* registries.put(`${OWN}/${NAMES[0]}`, digestOf(0));
      const warning = `warning: ${OWN} does not have ${OWN}/${NAMES[1]}, ${OWN}/${NAMES[2]}: pods that need them will not start; tare images sync ${OWN} brings what is missing`;
      assert.deepStrictEqual(warned(yield* runUpgradeCli(["--plan"])), [warning]);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      const run = yield* runUpgradeCli();
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(warned(run), [warning]);
      assert.isBelow(run.stderr.indexOf(warning), run.stderr.indexOf("[4/5] Apply / update CRDs"));
      assert.deepStrictEqual(new Set(yield* requestsOf), new Set(["digest"]));
    }).pipe(Effect.provide(world())),
  );

  it.effect("says nothing of images that are there, nor where it may not look", () =>
    Effect.gen(function* () {
      const registries = yield* FakeRegistries;
      yield* registries.keepCopier;
      yield* registries.refuse({ to: OWN, of: "digest", trouble: "denied" });
      assert.deepStrictEqual(warned(yield* runUpgradeCli(["--plan"])), []);
      yield* registries.mend;
      for (const name of NAMES) yield* registries.put(`${OWN}/${name}`, digestOf(0));
      assert.deepStrictEqual(warned(yield* runUpgradeCli(["--plan"])), []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("downloads nothing to look, and looks nowhere without a registry of its own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(warned(yield* runUpgradeCli(["--plan"])), []);
      const registries = yield* FakeRegistries;
      yield* registries.keepCopier;
      yield* runUpgradeCli(["--plan", "--image-registry", ""]);
      assert.deepStrictEqual(yield* requestsOf, []);
    }).pipe(Effect.provide(world())),
  );
});
