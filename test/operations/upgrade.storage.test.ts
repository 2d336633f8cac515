/** Releases whose records Helm keeps elsewhere than usual, and those of which it has none. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit, Option } from "effect";
import { ConfigMap, Deployment, Secret } from "../../src/domain/kube/objects.ts";
import { DEFAULT_RELEASE } from "../../src/domain/run/upgrade-options.ts";
import { DEFAULT_DOCTOR_OPTIONS, doctor } from "../../src/operations/doctor.ts";
import { history } from "../../src/operations/history.ts";
import {
  dataPlane,
  FakeCluster,
  FakeHelm,
  FakeManagementPlane,
  gateStates,
  HELM_3,
  HELM_4,
  historyLines,
  IDENTITY,
  outboxEvents,
  restoreRecords,
  runUpgrade,
  simulate,
  tarsChart,
  world,
} from "../fakes/index.ts";

const badDataPlane = tarsChart({ version: "1.2.0", envoyTag: "crash-loop" });

const rollbacks = Effect.gen(function* () {
  const { invocations } = yield* FakeHelm;
  return (yield* invocations)
    .filter(({ args }) => args[0] === "rollback")
    .map(({ args }) => args.slice(0, 3).join(" "));
});

const found = Effect.gen(function* () {
  const { exit } = yield* simulate(history(DEFAULT_RELEASE));
  return Exit.isSuccess(exit) ? exit.value : [];
});

describe("records in ConfigMaps", () => {
  it.effect.each([HELM_3, HELM_4])("are those of an upgrade like any other, Helm %s", (helm) =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.deepStrictEqual(yield* gateStates, { 2: "passed" });
      const [event] = yield* outboxEvents;
      assert.deepInclude(event, { status: "success", helm_revision: 2 });
      const rows = yield* found;
      assert.deepStrictEqual(
        rows.map(({ revision, operation }) => `${revision} ${operation}`),
        ["1 install", "2 upgrade"],
      );
      yield* simulate(doctor(DEFAULT_DOCTOR_OPTIONS, IDENTITY));
      const plane = yield* FakeManagementPlane;
      assert.strictEqual((yield* plane.rows).length, 2);
      const cluster = yield* FakeCluster;
      const secrets = yield* cluster.all(Secret);
      assert.isFalse(secrets.some(({ metadata }) => metadata.labels?.owner === "helm"));
    }).pipe(Effect.provide(world({ helm, helmDriver: "configmap" }))),
  );

  it.effect("remember a data plane that never came up, also after a restore", () =>
    Effect.gen(function* () {
      yield* runUpgrade({ options: { atomic: false } });
      assert.deepStrictEqual(yield* gateStates, { 2: "failed" });
      yield* restoreRecords;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.deepStrictEqual(yield* rollbacks, ["rollback tars 1"]);
      assert.deepStrictEqual((yield* historyLines).at(-1), "4 deployed Rollback to 1");
      assert.strictEqual(yield* dataPlane, "gcr.io/acme/tars/envoy:envoy-1.1.0 2/2");
    }).pipe(Effect.provide(world({ helmDriver: "configmap", chart: badDataPlane }))),
  );

  it.effect("are found by the doctor and the history, which have no HELM_DRIVER", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      for (const secret of yield* cluster.all(Secret)) {
        const { name, namespace = "", labels } = secret.metadata;
        if (labels?.owner !== "helm") continue;
        const { type: _, ...rest } = secret as typeof secret & { readonly type?: string };
        const text = Buffer.from(
          (secret as never as { data: { release: string } }).data.release,
          "base64",
        );
        yield* cluster.purge({ type: Secret, name, namespace });
        yield* cluster.seed(ConfigMap, {
          ...rest,
          kind: "ConfigMap",
          metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
          data: { release: text.toString() },
        } as typeof secret);
      }
      assert.deepStrictEqual(
        (yield* found).map(({ revision }) => revision),
        [1],
      );
      yield* simulate(doctor(DEFAULT_DOCTOR_OPTIONS, IDENTITY));
      const plane = yield* FakeManagementPlane;
      assert.strictEqual((yield* plane.rows).length, 1);
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, 11);
      assert.match(error?.why.join() ?? "", /in ConfigMaps, and HELM_DRIVER does not say so/);
    }).pipe(Effect.provide(world())),
  );
});

describe("records out of the cluster", () => {
  it.effect.each(["sql", "memory", "etcd"])("are refused with the reason: %s", (helmDriver) =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "RecordsElsewhere");
      assert.strictEqual(error?.exitCode, 10);
      const { exit } = yield* simulate(history(DEFAULT_RELEASE));
      const told = Option.getOrUndefined(Exit.findErrorOption(exit));
      assert.strictEqual(told?._tag, "RecordsElsewhere");
    }).pipe(Effect.provide(world({ helmDriver }))),
  );
});

describe("a release that runs without a record", () => {
  const lose = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    for (const { metadata } of yield* cluster.all(Secret)) {
      if (metadata.labels?.owner !== "helm") continue;
      yield* cluster.purge({
        type: Secret,
        name: metadata.name,
        namespace: metadata.namespace ?? "",
      });
    }
  });

  it.effect("is not one to be installed first", () =>
    Effect.gen(function* () {
      yield* lose;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "ReleaseNotFound");
      assert.match(error?.why.join() ?? "", /Helm made it, and its records are gone/);
      const { exit } = yield* simulate(history(DEFAULT_RELEASE));
      const told = Option.getOrUndefined(Exit.findErrorOption(exit));
      assert.match(told?.why.join() ?? "", /Helm made it, and its records are gone/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is told to be Argo CD's where it is", () =>
    Effect.gen(function* () {
      yield* lose;
      const cluster = yield* FakeCluster;
      for (const { metadata } of yield* cluster.all(Deployment, "tars-system")) {
        const ref = { type: Deployment, name: metadata.name, namespace: "tars-system" };
        yield* cluster.edit(ref, (object) => ({
          ...object,
          metadata: {
            ...object.metadata,
            annotations: { "argocd.argoproj.io/tracking-id": "llm:apps/Deployment:x/y" },
            labels: { "app.kubernetes.io/part-of": "tars" },
          },
        }));
      }
      const { error } = yield* runUpgrade();
      assert.match(error?.why.join() ?? "", /Argo CD has rendered it \(application llm\)/);
    }).pipe(Effect.provide(world())),
  );
});
