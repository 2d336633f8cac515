import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import { assert, describe, it } from "@effect/vitest";
import { Effect, FileSystem } from "effect";
import {
  PARSED_CRDS_FILE,
  parseCrdFile,
  readChartCrds,
  sha256OfBytes,
  storedCrd,
} from "../../src/services/chart-crds.ts";

const crd = (name: string) =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\nspec: {}\n`;

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
  it.effect("come from what packaging parsed, as long as the file is the same", () =>
    Effect.gen(function* () {
      const { directory, file, parsed } = yield* chart;
      writeFileSync(file, crd("a.example.com"));
      const other = parseCrdFile(crd("parsed.example.com"));
      const key = sha256OfBytes(Buffer.from(crd("a.example.com")));
      writeFileSync(parsed, JSON.stringify({ [key]: other?.map(storedCrd) }));
      assert.deepStrictEqual(yield* namesIn(directory), ["parsed.example.com"]);
      const fs = yield* FileSystem.FileSystem;
      const [found] = yield* readChartCrds(fs, "embedded chart", directory);
      assert.deepStrictEqual(found?.object, other?.[0]?.object);
      assert.strictEqual(found?.jsonLength, other?.[0]?.jsonLength);
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
});
