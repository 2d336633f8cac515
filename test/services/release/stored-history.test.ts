import { gzipSync } from "node:zlib";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Layer, Option, Redacted } from "effect";
import { type KubeObject, Secret } from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import {
  makeStoredHistory,
  type StoredHistory,
} from "../../../src/services/release/stored-history.ts";

const release = { name: "tars", namespace: "tars-system" };

/** Helm's release Secrets in a namespace, and which of them were read. */
const makeShelf = () => {
  const secrets = new Map<string, KubeObject>();
  const reads: Array<string> = [];
  let writes = 0;
  let afterList = (): void => {};
  const put = (revision: number, status: string, more: object = {}): void => {
    const record = {
      ...release,
      version: revision,
      info: { status, description: `now ${status}`, last_deployed: "2026-01-02T03:04:05.678Z" },
      chart: { metadata: { name: "tars-data-plane", version: "1.2.3", appVersion: "9" } },
      config: { customer: `acme-${revision}` },
      manifest: `kind: A${revision}\n`,
      ...more,
    };
    const text = gzipSync(JSON.stringify(record)).toString("base64");
    const name = `sh.helm.release.v1.tars.v${revision}`;
    const uid = secrets.get(name)?.metadata.uid ?? `uid-${writes}`;
    secrets.set(name, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "tars-system", uid, resourceVersion: String(++writes) },
      data: { release: Buffer.from(text).toString("base64") },
    });
  };
  const kubectl = Layer.mock(Kubectl)({
    list: ({ metadataOnly }) =>
      Effect.sync(() => {
        assert.isTrue(metadataOnly);
        const listed = [...secrets.values()].map(
          ({ data: _, ...listed }): KubeObject => listed as KubeObject,
        );
        afterList();
        return listed;
      }),
    get: ({ name }) =>
      Effect.sync(() => {
        reads.push(name.replace(/.*\./, ""));
        return Option.fromNullishOr(secrets.get(name));
      }),
  });
  return {
    put,
    remove: (revision: number) => secrets.delete(`sh.helm.release.v1.tars.v${revision}`),
    /** The reads since it was last asked. */
    reads: () => reads.splice(0).sort(),
    /** What Helm does between a list and the reads that follow it. */
    afterList: (act: () => void) => {
      afterList = act;
    },
    with: <A, E>(work: (stored: StoredHistory) => Effect.Effect<A, E>) =>
      Effect.gen(function* () {
        return yield* work(yield* makeStoredHistory(yield* Kubectl));
      }).pipe(Effect.provide(kubectl)),
  };
};

const lines = (stored: StoredHistory) =>
  Effect.map(stored.history(release, Secret), (found) =>
    found?.map(({ revision, status }) => `${revision} ${status}`),
  );

describe("a history from Helm's Secrets", () => {
  it.effect("has the fields that Helm prints, in the order of the revisions", () => {
    const shelf = makeShelf();
    shelf.put(10, "deployed");
    shelf.put(9, "superseded", { chart: { metadata: { name: "tars", version: "1.0.0" } } });
    shelf.put(8, "superseded", { chart: { metadata: null }, info: { status: "superseded" } });
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        assert.deepStrictEqual(yield* stored.history(release, Secret), [
          {
            revision: 8,
            status: "superseded",
            chart: "MISSING",
            app_version: "MISSING",
            description: "",
          },
          {
            revision: 9,
            updated: "2026-01-02T03:04:05.678Z",
            status: "superseded",
            chart: "tars-1.0.0",
            app_version: "",
            description: "now superseded",
          },
          {
            revision: 10,
            updated: "2026-01-02T03:04:05.678Z",
            status: "deployed",
            chart: "tars-data-plane-1.2.3",
            app_version: "9",
            description: "now deployed",
          },
        ]);
      }),
    );
  });

  it.effect("is empty where there are none, and passes over what cannot be read", () => {
    const shelf = makeShelf();
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        assert.deepStrictEqual(yield* lines(stored), []);
        shelf.put(1, "superseded", { version: "one" });
        shelf.put(2, "deployed");
        assert.deepStrictEqual(yield* lines(stored), ["2 deployed"]);
      }),
    );
  });

  it.effect("unpacks a Secret again only when it was written again", () => {
    const shelf = makeShelf();
    shelf.put(1, "superseded");
    shelf.put(2, "deployed");
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        yield* lines(stored);
        assert.deepStrictEqual(shelf.reads(), ["v1", "v2"]);
        assert.deepStrictEqual(yield* lines(stored), ["1 superseded", "2 deployed"]);
        assert.deepStrictEqual(shelf.reads(), []);
        shelf.put(2, "superseded");
        shelf.put(3, "deployed");
        assert.deepStrictEqual(yield* lines(stored), [
          "1 superseded",
          "2 superseded",
          "3 deployed",
        ]);
        assert.deepStrictEqual(shelf.reads(), ["v2", "v3"]);
      }),
    );
  });

  it.effect("is that of one moment, though Helm writes while it is read", () => {
    const shelf = makeShelf();
    shelf.put(1, "deployed");
    let upgraded = false;
    shelf.afterList(() => {
      if (upgraded) return;
      upgraded = true;
      // Listed as the deployed one, and superseded before it is read: alone it would be a history without any.
      shelf.put(1, "superseded");
      shelf.put(2, "deployed");
    });
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        assert.deepStrictEqual(yield* lines(stored), ["1 superseded", "2 deployed"]);
      }),
    );
  });

  it.effect("is read again when Helm pruned a revision meanwhile", () => {
    const shelf = makeShelf();
    shelf.put(1, "superseded");
    shelf.put(2, "deployed");
    shelf.afterList(() => shelf.remove(1));
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        assert.deepStrictEqual(yield* lines(stored), ["2 deployed"]);
      }),
    );
  });

  it.effect("is not told at all when it never holds still", () => {
    const shelf = makeShelf();
    shelf.put(1, "deployed");
    let revision = 1;
    shelf.afterList(() => {
      shelf.remove(revision);
      shelf.put(++revision, "deployed");
    });
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        assert.isUndefined(yield* lines(stored));
        assert.strictEqual(shelf.reads().length, 3);
      }),
    );
  });

  it.effect(
    "has the deployed revision's values and manifest with it, other revisions' on demand",
    () => {
      const shelf = makeShelf();
      shelf.put(1, "superseded");
      shelf.put(2, "deployed");
      return shelf.with(
        Effect.fnUntraced(function* (stored) {
          yield* lines(stored);
          shelf.reads();
          const contents = (revision: number) =>
            Effect.map(stored.contents(release, revision, Secret), (found) =>
              found === undefined ? undefined : Redacted.value(found),
            );
          assert.deepStrictEqual(yield* contents(2), {
            values: { customer: "acme-2" },
            manifest: "kind: A2\n",
            applyMethod: "client",
            notes: "",
          });
          assert.deepStrictEqual(shelf.reads(), []);
          assert.deepStrictEqual((yield* contents(1))?.values, { customer: "acme-1" });
          assert.isUndefined(yield* contents(3));
          assert.deepStrictEqual(shelf.reads(), ["v1", "v3"]);
          assert.notInclude(String(yield* stored.contents(release, 2, Secret)), "acme");
        }),
      );
    },
  );

  it.effect("is that of a release that was installed anew, under the same names", () => {
    const shelf = makeShelf();
    shelf.put(1, "deployed");
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        yield* lines(stored);
        shelf.remove(1);
        shelf.put(1, "deployed", { config: { customer: "another" } });
        yield* lines(stored);
        const contents = yield* stored.contents(release, 1, Secret);
        assert.deepStrictEqual(contents && Redacted.value(contents).values, {
          customer: "another",
        });
      }),
    );
  });

  it.effect("is not that of a release of the same name elsewhere", () => {
    const shelf = makeShelf();
    shelf.put(1, "deployed");
    return shelf.with(
      Effect.fnUntraced(function* (stored) {
        yield* lines(stored);
        assert.isUndefined(
          yield* stored.contents({ ...release, namespace: "elsewhere" }, 1, Secret),
        );
      }),
    );
  });
});
