import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as NodeServices from "@effect/platform-node/NodeServices";
import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Layer, Option, Redacted } from "effect";
import { afterEach, beforeEach } from "vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { Helm } from "../../../src/services/helm/Helm.ts";
import { layerHelmBinary } from "../../../src/services/helm/HelmBinary.ts";
import {
  type ClusterTarget,
  Kubectl,
  KubectlError,
  type KubectlErrorReason,
} from "../../../src/services/kube/Kubectl.ts";
import { ToolCache } from "../../../src/services/tools/ToolCache.ts";

/** The live layer with a shell script in Helm's place: what is asked of the process, and how its end is seen. */

const release = { name: "tars", namespace: "tars-system" };
const upgradeRequest = {
  release,
  chart: "/charts/tars",
  values: Redacted.make({ a: "secret-value" }),
  timeout: Duration.minutes(1),
  atomic: true,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tare-helm-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The release Secrets in the cluster, by name. */
const secrets = new Map<string, KubeObject>();
let writes = 0;
let listing: Effect.Effect<ReadonlyArray<KubeObject>, KubectlError>;
beforeEach(() => {
  secrets.clear();
  listing = Effect.suspend(() =>
    secrets.size > 0 ? Effect.succeed([...secrets.values()]) : refused("Forbidden"),
  );
});

const refused = (reason: KubectlErrorReason) =>
  Effect.fail(new KubectlError({ reason, request: "list secrets", detail: "no" }));

const storeRecord = (record: object): void => {
  const release = gzipSync(JSON.stringify(record)).toString("base64");
  secrets.set("sh.helm.release.v1.tars.v7", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "sh.helm.release.v1.tars.v7",
      namespace: "tars-system",
      uid: "uid-7",
      resourceVersion: String(++writes),
    },
    data: { release: Buffer.from(release).toString("base64") },
  });
};

/** `HELM_DRIVER` until the scope ends. */
const driver = (name: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = process.env.HELM_DRIVER;
      process.env.HELM_DRIVER = name;
      return before;
    }),
    (before) =>
      Effect.sync(() => {
        if (before === undefined) delete process.env.HELM_DRIVER;
        else process.env.HELM_DRIVER = before;
      }),
  );

const calls = (): ReadonlyArray<string> =>
  readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

/** `cases` are the arms of a shell `case` on the first argument. */
const withHelm = <A, E>(
  cases: string,
  work: Effect.Effect<A, E, Helm>,
  target: Pick<ClusterTarget, "kubeconfig"> = {},
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const binary = join(folder, "helm");
    writeFileSync(
      binary,
      `#!/bin/sh
echo "$*" >> '${folder}/calls'
case "$1" in
  ${cases}
  version) printf v3.21.4 ;;
  history) echo '[]' ;;
  get) echo '{}' ;;
  list) echo '[]' ;;
esac
`,
    );
    chmodSync(binary, 0o755);
    const choice = { kubeconfig: "/etc/kube/prod.yaml", context: undefined };
    const environment = Layer.mergeAll(
      Layer.mock(ToolCache)({
        locate: (name) => Effect.succeed({ name, path: binary, origin: "environment" }),
      }),
      Layer.mock(Kubectl)({
        get: ({ name }) => Effect.succeed(Option.fromNullishOr(secrets.get(name))),
        list: () => listing,
        target: Effect.succeed({ context: "prod", server: "https://prod.example", ...target }),
      }),
      NodeServices.layer,
    );
    return Effect.provide(work, Layer.provide(layerHelmBinary(choice), environment));
  });

describe("the Helm binary", () => {
  const record = {
    ...release,
    version: 7,
    info: { status: "deployed" },
    manifest: "kind: A\n---\nkind: B\n",
    config: { a: 1 },
  };
  const FROM_HELM =
    'history) echo \'[{"revision": 3, "status": "deployed", "chart": "c-1.0.0"}]\' ;;';
  const revisions = Effect.flatMap(Helm, (helm) =>
    Effect.map(helm.history(release), (found) => found.map(({ revision }) => revision)),
  );

  it.live("is not started for what the revision's Secret says", () =>
    withHelm(
      "",
      Effect.gen(function* () {
        const helm = yield* Helm;
        storeRecord(record);
        assert.deepStrictEqual(Redacted.value(yield* helm.userValues(release, 7)), { a: 1 });
        const kinds = (yield* helm.manifest(release, 7)).map(({ kind }) => kind);
        assert.deepStrictEqual(kinds, ["A", "B"]);
        storeRecord({ ...record, config: null });
        assert.deepStrictEqual(Redacted.value(yield* helm.userValues(release, 7)), {});
        assert.deepStrictEqual(
          (yield* helm.history(release)).map(({ revision }) => revision),
          [7],
        );
        assert.isFalse(existsSync(join(folder, "calls")));
      }),
    ),
  );

  it.live(
    "is asked where there is no such Secret, or it is of another revision or cannot be read",
    () =>
      withHelm(
        'get) echo \'{"from": "helm"}\' ;;',
        Effect.gen(function* () {
          const helm = yield* Helm;
          const values = Effect.map(helm.userValues(release, 7), Redacted.value);
          assert.deepStrictEqual(yield* values, { from: "helm" });
          storeRecord({ ...record, version: 6 });
          assert.deepStrictEqual(yield* values, { from: "helm" });
          storeRecord({ ...record, namespace: "elsewhere" });
          assert.deepStrictEqual(yield* values, { from: "helm" });
          storeRecord({ ...record, manifest: undefined });
          assert.deepStrictEqual(yield* values, { from: "helm" });
          assert.strictEqual(calls().length, 4);
        }),
      ),
  );

  it.live("is asked for a history that it keeps out of the cluster", () =>
    withHelm(
      FROM_HELM,
      Effect.gen(function* () {
        storeRecord(record);
        yield* driver("sql");
        assert.deepStrictEqual(yield* revisions, [3]);
        yield* driver("secrets");
        assert.deepStrictEqual(yield* revisions, [7]);
      }).pipe(Effect.scoped),
    ),
  );

  it.live.each([
    { what: "do not hold still", records: [record], changing: true },
    { what: "say what no Helm writes", records: [{ ...record, info: { status: "pending-x" } }] },
    { what: "say nothing of a status", records: [{ ...record, info: {} }] },
  ])("is asked for a history when the Secrets $what", ({ records, changing }) =>
    withHelm(
      FROM_HELM,
      Effect.gen(function* () {
        for (const one of records) storeRecord(one);
        const settled = listing;
        const change = Effect.sync(() => {
          if (changing) storeRecord(record);
        });
        // What was read after one list must not be what the next one finds.
        listing = Effect.andThen(change, Effect.tap(settled, change));
        assert.deepStrictEqual(yield* revisions, [3]);
      }),
    ),
  );

  it.live.each(["Unreachable", "TimedOut"] as const)(
    "is not asked what an API server did not answer (%s)",
    (reason) =>
      withHelm(
        FROM_HELM,
        Effect.gen(function* () {
          listing = refused(reason);
          assert.strictEqual((yield* Effect.flip(revisions)).kind, "unreachable");
          assert.isFalse(existsSync(join(folder, "calls")));
        }),
      ),
  );

  it.live("is pointed at the cluster of this run by every command that talks to one", () =>
    withHelm(
      "",
      Effect.gen(function* () {
        const helm = yield* Helm;
        yield* helm.history(release);
        yield* helm.userValues(release, 3);
        yield* helm.manifest(release, 3);
        yield* helm.releases;
        yield* helm.rollback({ release, revision: 2, timeout: Duration.minutes(1) });
        yield* Effect.scoped(Effect.flatMap(helm.upgrade(upgradeRequest), (run) => run.exit));
        const others = calls().filter((call) => !call.startsWith("version"));
        assert.deepStrictEqual(
          others.map((call) => call.split(" ")[0]),
          ["history", "get", "get", "list", "rollback", "upgrade"],
        );
        for (const call of others) {
          assert.include(call, "--kubeconfig /etc/kube/prod.yaml --kube-context prod");
        }
      }),
    ),
  );

  it.live("is given a kubeconfig that came through a pipe in a file of the owner's alone", () =>
    Effect.gen(function* () {
      const show = `list) while [ "$1" != --kubeconfig ]; do shift; done
        echo "$2 $(stat -c %a "$2") $(cat "$2")" > "${folder}/kubeconfig"; echo '[]' ;;`;
      const kubeconfig = Redacted.make('{"the":"kubeconfig"}');
      yield* withHelm(
        show,
        Effect.flatMap(Helm, (helm) => helm.releases),
        { kubeconfig: Effect.succeed(kubeconfig) },
      );
      const [file = "", ...rest] = readFileSync(join(folder, "kubeconfig"), "utf8")
        .trim()
        .split(" ");
      assert.deepStrictEqual(rest, ["600", '{"the":"kubeconfig"}']);
      assert.isFalse(existsSync(file));
    }),
  );

  it.live("reads values from a file of the owner's alone, which is gone afterwards", () =>
    withHelm(
      `upgrade) for word in "$@"; do case "$word" in */values.json)
        echo "$word $(stat -c %a "$word")" > '${"$"}{0%/helm}/values' ;; esac; done ;;`.replaceAll(
        "'",
        '"',
      ),
      Effect.gen(function* () {
        const helm = yield* Helm;
        yield* Effect.scoped(Effect.flatMap(helm.upgrade(upgradeRequest), (run) => run.exit));
        const [file, mode] = readFileSync(join(folder, "values"), "utf8").trim().split(" ");
        assert.strictEqual(mode, "600");
        assert.isFalse(existsSync(file ?? ""));
        assert.isFalse(calls().some((call) => call.includes("secret-value")));
      }),
    ),
  );

  it.live("has no pipe while it changes the release, which it would die of without tare", () =>
    withHelm(
      `upgrade|rollback) readlink /proc/$$/fd/2 > "\${0%/helm}/$1"
        stat -L -c %a /proc/$$/fd/2 >> "\${0%/helm}/$1"
        echo "Error: last words" >&2; exit 1 ;;`,
      Effect.gen(function* () {
        const helm = yield* Helm;
        const ends = [
          yield* Effect.scoped(Effect.flatMap(helm.upgrade(upgradeRequest), (run) => run.exit)),
          yield* helm.rollback({ release, revision: 2, timeout: Duration.minutes(1) }),
        ];
        for (const end of ends) assert.deepStrictEqual(end, { code: 1, errorText: "last words" });
        for (const command of ["upgrade", "rollback"]) {
          const [said, mode] = readFileSync(join(folder, command), "utf8").split("\n");
          assert.match(said ?? "", /\/stderr$/);
          assert.strictEqual(mode, "600");
          assert.isFalse(existsSync(said ?? ""));
        }
      }),
    ),
  );

  it.live("is seen to end though a helper it left behind holds its pipes", () =>
    withHelm(
      "upgrade) sleep 30 & echo done; exit 0 ;;",
      Effect.gen(function* () {
        const helm = yield* Helm;
        const exit = yield* Effect.scoped(
          Effect.flatMap(helm.upgrade(upgradeRequest), (run) => run.exit),
        ).pipe(Effect.timeout("20 seconds"));
        assert.deepStrictEqual(exit, { code: 0, errorText: "" });
      }),
    ),
  );

  it.live("is cancelled with one SIGINT, and its last words are heard", () =>
    withHelm(
      `upgrade) trap 'echo "Error: UPGRADE FAILED: context canceled" >&2; exit 1' INT
        echo started > "\${0%/helm}/started"; while :; do sleep 0.1; done ;;`,
      Effect.gen(function* () {
        const helm = yield* Helm;
        const run = yield* helm.upgrade(upgradeRequest);
        yield* Effect.sync(() => existsSync(join(folder, "started"))).pipe(
          Effect.repeat({ until: (started) => started }),
        );
        yield* run.cancel;
        yield* run.cancel;
        assert.deepStrictEqual(yield* run.exit, {
          code: 1,
          errorText: "UPGRADE FAILED: context canceled",
        });
      }).pipe(Effect.scoped),
    ),
  );

  it.live(
    "says that a release is not there by an empty history, and anything else by an error",
    () =>
      withHelm(
        `history) echo "Error: release: not found" >&2; exit 1 ;;
       get) echo 'Error: Kubernetes cluster unreachable: dial tcp' >&2; exit 1 ;;`,
        Effect.gen(function* () {
          const helm = yield* Helm;
          assert.deepStrictEqual(yield* helm.history(release), []);
          const error = yield* Effect.flip(helm.userValues(release, 1));
          assert.strictEqual(error.kind, "unreachable");
        }),
      ),
  );
});
