/** What is known before the first write, and told alike by the plan and the upgrade. */
import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit, Option } from "effect";
import {
  ConfigMap,
  Deployment,
  type KubeObject,
  Namespace,
  ResourceQuota,
  Secret,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import {
  DEFAULT_UPGRADE_OPTIONS,
  type UpgradeOptions,
} from "../../src/domain/run/upgrade-options.ts";
import type { OperatorError } from "../../src/errors.ts";
import { plan } from "../../src/operations/plan.ts";
import {
  FakeCluster,
  FakeHelm,
  type Fault,
  HELM_3,
  HELM_4,
  hintsOf,
  IDENTITY,
  Recorder,
  runUpgrade,
  simulate,
  type Trouble,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";

/** Both end alike, and nothing was written but the lock. */
const refused = Effect.fnUntraced(function* (options: Partial<UpgradeOptions> = {}) {
  const planned = yield* simulate(plan({ ...DEFAULT_UPGRADE_OPTIONS, ...options }, IDENTITY));
  const of = Option.getOrUndefined(Exit.findErrorOption(planned.exit));
  const { error } = yield* runUpgrade({ options });
  assert.strictEqual(of?._tag, error?._tag);
  assert.deepStrictEqual(of?.why, error?.why);
  const writes = [...(yield* writesOf("tare")), ...(yield* writesOf("helm"))];
  assert.deepStrictEqual(
    writes.filter((line) => !line.includes("Lease")),
    [],
  );
  return { code: error?.exitCode, tag: error?._tag, why: error?.why.join("\n") ?? "", error };
});

const commandsOf = (error: OperatorError | undefined): ReadonlyArray<string> =>
  hintsOf(error).flatMap(({ commands }) => commands) ?? [];

const fail = (reason: "Rejected" | "ServerError", detail: string): Trouble => ({
  _tag: "Fail",
  reason,
  detail,
  afterwards: false,
});
const atRehearsal = (kind: string, trouble: Trouble, about: Partial<Fault> = {}): Fault => ({
  actor: "tare",
  verb: "apply",
  kind,
  dryRun: true,
  trouble,
  ...about,
});

const recordRef = (revision: number) => ({
  type: Secret,
  name: `sh.helm.release.v1.tars.v${revision}`,
  namespace: "tars-system",
});
const seedRecord = (revision: number, release: string, labels: Record<string, string> = {}) =>
  Effect.flatMap(FakeCluster, (cluster) =>
    cluster.seed(Secret, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: recordRef(revision).name,
        namespace: "tars-system",
        labels: {
          owner: "helm",
          name: "tars",
          version: String(revision),
          status: "deployed",
          ...labels,
        },
      },
      type: "helm.sh/release.v1",
      data: { release },
    }),
  );

const twice = (text: string): string =>
  Buffer.from(Buffer.from(text).toString("base64")).toString("base64");

describe("a record of Helm's", () => {
  it.effect.each([
    ["that is empty", ""],
    ["that is truncated", twice("\u001f\u008b\u0008 and no more")],
    ["that holds no JSON", twice("{")],
    ["that holds another thing", twice('{"version":"2"}')],
    [
      "of another release",
      twice(
        '{"name":"x","version":2,"info":{"status":"failed"},"manifest":"","chart":{"metadata":{"name":"tars","version":"1.0.0"}}}',
      ),
    ],
  ] as const)("%s stands in the way of the next one", ([, release]) =>
    Effect.gen(function* () {
      yield* seedRecord(2, release);
      const { code, tag, why, error } = yield* refused();
      assert.deepStrictEqual([code, tag], [10, "RecordsDamaged"]);
      assert.include(why, "Secret tars-system/sh.helm.release.v1.tars.v2");
      assert.include(
        commandsOf(error),
        "kubectl delete secret sh.helm.release.v1.tars.v2 -n tars-system",
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("that comes right before Helm's first write is named as what kept Helm from it", () =>
    Effect.gen(function* () {
      const [cluster, helm] = yield* Effect.all([FakeCluster, FakeHelm]);
      yield* helm.beforeUpgrade(
        Effect.asVoid(Effect.provideService(seedRecord(2, ""), FakeCluster, cluster)),
      );
      const { error } = yield* runUpgrade();
      assert.deepStrictEqual([error?.exitCode, error?._tag], [23, "UpgradeNotStarted"]);
      assert.include(error?.why.join(), "Secret tars-system/sh.helm.release.v1.tars.v2");
      assert.include(
        commandsOf(error),
        "kubectl delete secret sh.helm.release.v1.tars.v2 -n tars-system",
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("without its labels has the name of the next one all the same", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(Secret, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: recordRef(2).name, namespace: "tars-system" },
        data: {},
      });
      assert.strictEqual((yield* refused()).tag, "RecordsDamaged");
    }).pipe(Effect.provide(world())),
  );

  it.effect("that is labelled as deployed and is not is said, with the label to put back", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(recordRef(2), (secret) => ({
        ...secret,
        metadata: {
          ...secret.metadata,
          labels: { ...secret.metadata.labels, status: "deployed" },
        },
      }));
      const { code, why, error } = yield* refused();
      assert.strictEqual(code, 10);
      assert.include(why, "its label status says deployed, and the record says failed");
      assert.include(
        commandsOf(error),
        "kubectl label --overwrite secret sh.helm.release.v1.tars.v2 -n tars-system status=failed",
      );
    }).pipe(Effect.provide(world({ revisions: [{ status: "deployed" }, { status: "failed" }] }))),
  );

  it.effect("that nobody needs any more is only said", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.edit(recordRef(1), (secret) => ({ ...secret, data: { release: "" } }));
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 4);
      const warnings = yield* (yield* Recorder).warnings;
      assert.isTrue(warnings.some((one) => /v1 cannot be read.*does not need it/.test(one)));
    }).pipe(
      Effect.provide(
        world({
          revisions: [{ status: "superseded" }, { status: "superseded" }, { status: "deployed" }],
        }),
      ),
    ),
  );
});

describe("a stored manifest with an API that is gone", () => {
  const budget = {
    apiVersion: "policy/v1beta1",
    kind: "PodDisruptionBudget",
    metadata: { name: "egress", namespace: "tars-system" },
  };
  const stored = Effect.flatMap(FakeCluster, (cluster) =>
    cluster.edit(recordRef(1), (secret) => {
      const text = Buffer.from(stringAt(secret, "data", "release") ?? "", "base64").toString();
      const record = JSON.parse(Buffer.from(text, "base64").toString());
      const manifest = `${record.manifest}\n---\n${JSON.stringify(budget)}`;
      return { ...secret, data: { release: twice(JSON.stringify({ ...record, manifest })) } };
    }),
  );

  it.effect.each([HELM_3, HELM_4])("stops before the first write, Helm %s", (helm) =>
    Effect.gen(function* () {
      yield* stored;
      const { code, tag, why, error } = yield* refused();
      assert.deepStrictEqual([code, tag], [10, "StoredApisGone"]);
      assert.include(why, "PodDisruptionBudget egress in the stored manifest of revision 1");
      assert.include(commandsOf(error), "helm mapkubeapis tars --namespace tars-system");
    }).pipe(Effect.provide(world({ helm }))),
  );
});

describe("quotas", () => {
  const quota = (resource: string, hard: number, used: number): KubeObject => ({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "tenant", namespace: "tars-system" },
    status: { hard: { [resource]: String(hard) }, used: { [resource]: String(used) } },
  });
  const withQuota = (one: KubeObject) =>
    Effect.flatMap(FakeCluster, (cluster) => cluster.seed(ResourceQuota, one));

  it.effect("must have room for the records of the upgrade and of its rollback", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      yield* withQuota(quota("count/secrets", 10, 9));
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, 10);
      assert.deepStrictEqual(error?.why, [
        "quota tenant of namespace tars-system has 9 of 10 count/secrets in use: the upgrade and its rollback need room for 2 more",
      ]);
      const once = yield* runUpgrade({ options: { atomic: false } });
      assert.isUndefined(once.error, once.error?.message);
    }).pipe(Effect.provide(world())),
  );

  it.effect("of ConfigMaps where Helm keeps its records in them", () =>
    Effect.gen(function* () {
      yield* withQuota(quota("configmaps", 10, 9));
      const { error } = yield* runUpgrade();
      assert.include(error?.why[0], "9 of 10 configmaps");
    }).pipe(Effect.provide(world({ helmDriver: "configmap" }))),
  );

  it.effect("with room enough are none of this upgrade", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      yield* withQuota(quota("secrets", 10, 8));
      assert.isUndefined((yield* runUpgrade()).error);
    }).pipe(Effect.provide(world())),
  );
});

describe("what is being deleted", () => {
  const SINCE = "2026-01-01T00:00:00Z";

  it.effect.each(["tars-system", "tars-dataplane"])("namespace %s", (name) =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.seed(Namespace, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      });
      yield* cluster.edit({ type: Namespace, name }, (object) => ({
        ...object,
        metadata: { ...object.metadata, deletionTimestamp: SINCE },
      }));
      const { code, why } = yield* refused();
      assert.strictEqual(code, 10);
      assert.include(why, `namespace ${name} is being deleted since ${SINCE}`);
    }).pipe(Effect.provide(world())),
  );

  it.effect("an object of the chart", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const ref = { type: Deployment, name: "envoy-gateway", namespace: "tars-system" };
      yield* cluster.edit(ref, (object) => ({
        ...object,
        metadata: { ...object.metadata, deletionTimestamp: SINCE, finalizers: ["a/b"] },
      }));
      const { code, why } = yield* refused();
      assert.strictEqual(code, 10);
      assert.include(why, `envoy-gateway: is being deleted since ${SINCE}`);
    }).pipe(Effect.provide(world())),
  );
});

describe("the server's rules", () => {
  const down = fail("ServerError", 'Internal error occurred: failed calling webhook "w.example"');

  it.effect.each(["Lease", "Secret", "ConfigMap", "Deployment", "Pod"])(
    "at a webhook that is down: %s",
    (kind) =>
      Effect.gen(function* () {
        const { code, why } = yield* refused();
        assert.strictEqual(code, 10);
        assert.include(why, "w.example");
      }).pipe(Effect.provide(world({ faults: [atRehearsal(kind, down)] }))),
  );

  it.effect.each([
    'pods "x" is forbidden: violates PodSecurity "restricted:latest"',
    "maximum memory usage per Container is 1Gi, but limit is 2Gi",
  ])("that refuse every new pod: %s", (detail) =>
    Effect.gen(function* () {
      const { code, why } = yield* refused();
      assert.strictEqual(code, 10);
      assert.include(why, detail);
    }).pipe(Effect.provide(world({ faults: [atRehearsal("Pod", fail("Rejected", detail))] }))),
  );

  it.effect("that the server applies by stand, whatever a merge of the objects would pass", () =>
    Effect.gen(function* () {
      const { code, why } = yield* refused();
      assert.strictEqual(code, 23);
      assert.include(why, "field is immutable");
    }).pipe(
      Effect.provide(
        world({
          helm: HELM_4,
          applyMethod: "ssa",
          faults: [
            atRehearsal("Deployment", fail("Rejected", "spec.selector: field is immutable")),
          ],
        }),
      ),
    ),
  );

  it.effect("that leave no room for one pod more are only said", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const warnings = yield* (yield* Recorder).warnings;
      assert.isTrue(warnings.some((one) => one.includes("exceeded quota: tenant")));
    }).pipe(
      Effect.provide(
        world({
          faults: [
            atRehearsal("Pod", fail("Rejected", "exceeded quota: tenant, requested: pods=1")),
          ],
        }),
      ),
    ),
  );

  it.effect("that leave no room for the pod of a hook, which comes before anything may go", () =>
    Effect.gen(function* () {
      const { code, why } = yield* refused();
      assert.strictEqual(code, 10);
      assert.include(why, "pods of Job envoy-gateway-certgen");
      assert.notInclude(why, "Deployment");
    }).pipe(
      Effect.provide(
        world({
          chart: tarsChart({ version: "1.2.0", hookTag: "certgen" }),
          faults: [
            atRehearsal("Pod", fail("Rejected", "exceeded quota: tenant, requested: pods=1")),
          ],
        }),
      ),
    ),
  );

  it.effect.each([
    ["exceeded quota: tenant, requested: pods=1", 10],
    ['violates PodSecurity "restricted:latest"', 10],
    ["ValidatingAdmissionPolicy 'accounts' denied request: no default account", undefined],
  ] as const)("whose account comes with the hook are judged as another's: %s", ([detail, ends]) =>
    Effect.gen(function* () {
      const account =
        'error looking up service account tars-system/x: serviceaccount "x" not found';
      const cluster = yield* FakeCluster;
      const certgen = { name: /certgen/, verb: "apply", kind: "Pod" } as const;
      yield* cluster.inject(
        atRehearsal("Pod", fail("Rejected", account), { ...certgen, times: 1 }),
      );
      yield* cluster.inject(atRehearsal("Pod", fail("Rejected", detail), certgen));
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, ends, error?.why.join("; "));
      if (ends !== undefined) assert.include(error?.why.join("; "), detail);
    }).pipe(Effect.provide(world({ chart: tarsChart({ version: "1.2.0", hookTag: "certgen" }) }))),
  );

  it.effect("that cannot be rehearsed are not taken for a refusal", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
    }).pipe(
      Effect.provide(
        world({
          faults: [
            atRehearsal(
              "Deployment",
              fail("Rejected", 'admission webhook "w.example" does not support dry run'),
            ),
          ],
        }),
      ),
    ),
  );

  it.effect("let ConfigMaps of ours be refused: they are not needed", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
    }).pipe(
      Effect.provide(
        world({
          faults: [
            {
              actor: "tare",
              verb: "apply",
              kind: ConfigMap.kind,
              name: /^tare-/,
              trouble: fail("Rejected", "ValidatingAdmissionPolicy 'p' denied request: team"),
            },
          ],
        }),
      ),
    ),
  );
});
