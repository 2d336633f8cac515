import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import { assert, describe, it } from "@effect/vitest";
import { Effect, FileSystem, Result } from "effect";
import {
  PARSED_CRDS_FILE,
  parseCrdFile,
  readChartCrds,
  sha256OfBytes,
  storedCrd,
} from "../../src/services/chart/chart-crds.ts";

const crd = (name: string) =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\nspec: {group: example.com, names: {plural: as, kind: A}, versions: [{name: v1}]}\n`;

const chart = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "tare-chart-crds-"));
    const folder = join(directory, "charts", "crds", "crds");
    mkdirSync(folder, { recursive: true });
    return { directory, file: join(folder, "a.yaml"), parsed: join(directory, PARSED_CRDS_FILE) };
  }),
  ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true })),
);

const namesIn = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem;
  const found = yield* readChartCrds(fs, "embedded chart", directory);
  return found.map(({ name }) => name);
});

describe("the CRDs of a chart", () => {
  it("say nothing through Node, which would print it as it is", () => {
    const warned: Array<unknown> = [];
    const before = process.emitWarning;
    process.emitWarning = (warning: string | Error) => void warned.push(warning);
    try {
      parseCrdFile(`${crd("a.example.com")}? {a: "\\e[2J"}\n: b\n`);
    } finally {
      process.emitWarning = before;
    }
    assert.deepStrictEqual(warned, []);
  });

  it.effect("come from what packaging parsed, as long as the file is the same", () =>
    Effect.gen(function* () {
      const { directory, file, parsed } = yield* chart;
      writeFileSync(file, crd("a.example.com"));
      const other = Result.getOrThrow(parseCrdFile(crd("parsed.example.com")));
      const key = sha256OfBytes(Buffer.from(crd("a.example.com")));
      writeFileSync(parsed, JSON.stringify({ [key]: other.map(storedCrd) }));
      assert.deepStrictEqual(yield* namesIn(directory), ["parsed.example.com"]);
      const fs = yield* FileSystem.FileSystem;
      const [found] = yield* readChartCrds(fs, "embedded chart", directory);
      assert.deepStrictEqual(found?.object, other[0]?.object);
      assert.strictEqual(found?.jsonLength, other[0]?.jsonLength);
      writeFileSync(parsed, JSON.stringify({ [key]: other }));
      assert.deepStrictEqual(yield* namesIn(directory), ["a.example.com"]);
      writeFileSync(
        file,
        `${crd("a.example.com")}---\n${crd("b.example.com")}---\nkind: ConfigMap\n`,
      );
      assert.deepStrictEqual(yield* namesIn(directory), ["a.example.com", "b.example.com"]);
      writeFileSync(parsed, "not JSON");
      assert.deepStrictEqual(yield* namesIn(directory), ["a.example.com", "b.example.com"]);
      writeFileSync(file, "a: [");
      const error = yield* Effect.flip(namesIn(directory));
      assert.include(error.message, "charts/crds/crds/a.yaml is not YAML");
    }).pipe(Effect.provide(NodeFileSystem.layer)),
  );

  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"].map((two) => [...two])) {
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`);
  }
  const header = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n";
  const spec = "spec:\n  group: x.io\n  names: {plural: xs, kind: X}\n  versions: [{name: v1}]\n";

  it.effect.each([
    ["aliases that multiply", `${header}${bomb.join("\n")}\n`, /cannot be read: /],
    ["no metadata", `${header}${spec}`, /without a name/],
    ["no name", `${header}metadata: {}\n${spec}`, /without a name/],
    ["a number for a name", `${header}metadata: {name: 7}\n${spec}`, /without a name/],
    ["no spec", `${header}metadata: {name: xs.x.io}\n`, /without a name/],
    [
      "versions of null",
      `${header}metadata: {name: xs.x.io}\nspec: {versions: [null]}\n`,
      /without/,
    ],
    ["an alias of nothing", "a: *nothing\n", /is not YAML|cannot be read/],
    ["a tag of nobody", `${header}metadata: {name: !!binary 7}\n`, /./],
  ] as const)("with %s in a file are refused, not a defect", ([, text, why]) =>
    Effect.gen(function* () {
      const { directory, file } = yield* chart;
      writeFileSync(file, text);
      const error = yield* Effect.flip(namesIn(directory));
      assert.match(error.message, why);
    }).pipe(Effect.provide(NodeFileSystem.layer)),
  );

  it.effect.each(["7\n", "- a\n- b\n", "null\n", '"text"\n', "", "# nothing\n"])(
    "are none in a file that holds %j",
    (text) =>
      Effect.gen(function* () {
        const { directory, file } = yield* chart;
        writeFileSync(file, text);
        assert.deepStrictEqual(yield* namesIn(directory), []);
      }).pipe(Effect.provide(NodeFileSystem.layer)),
  );
});
