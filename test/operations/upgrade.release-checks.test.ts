/** What is checked once the release and the chart are known, before anything is written. */
import { createHash } from "node:crypto";
import { assert, describe, it } from "@effect/vitest";
import { Effect, Redacted } from "effect";
import type { Access } from "../../src/domain/access/access.ts";
import { identitySecret } from "../../src/domain/identity/identity-secret.ts";
import { ConfigMap, Secret } from "../../src/domain/kube/objects.ts";
import {
  EMBEDDED_CHART,
  EMBEDDED_CRDS,
  FakeCharts,
  FakeCluster,
  FakeHelm,
  forbidden,
  HELM_3,
  HELM_4,
  hintsOf,
  historyLines,
  IDENTITY,
  outboxEvents,
  Recorder,
  runUpgrade,
  tarsChart,
  unreachable,
  world,
  writesOf,
} from "../fakes/index.ts";

const nothingWritten = Effect.gen(function* () {
  assert.deepStrictEqual(yield* writesOf("tare"), []);
  assert.deepStrictEqual(yield* writesOf("helm"), []);
  assert.strictEqual((yield* historyLines).length, 1);
});

const askedRights = Effect.gen(function* () {
  const { requests } = yield* FakeCluster;
  return (yield* requests).filter(({ verb }) => verb === "review").length;
});

/** They are all tare's own after the first run, so that the next finds nothing to do. */
const QUICK_CRDS = EMBEDDED_CRDS.filter(({ metadata }) => !metadata.name.startsWith("backends."));

const isAll = ({ verb }: Access): boolean => verb === "*";

describe("rights", () => {
  it.effect("are one question for an administrator", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      assert.strictEqual(yield* askedRights, 1);
    }).pipe(Effect.provide(world())),
  );

  it.effect("are all asked for before anything is written, and enough is enough", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      assert.isAbove(yield* askedRights, 10);
    }).pipe(Effect.provide(world({ may: (access) => !isAll(access) }))),
  );

  it.effect("that are missing are all told at once, with the rules that give them", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "PreflightFailed");
      assert.strictEqual(error?.exitCode, 10);
      assert.deepStrictEqual(error?.why, [
        "missing permission: create, patch customresourcedefinitions.apiextensions.k8s.io in the whole cluster",
        "missing permission: patch deployments.apps in namespace tars-system",
      ]);
      const rules = hintsOf(error).flatMap((hint) => [hint.title, ...hint.commands]);
      assert.includeMembers(rules ?? [], [
        "Rules to add to a ClusterRole:",
        "- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create, patch]}",
        "Rules to add to a Role in namespace tars-system:",
        "- {apiGroups: [apps], resources: [deployments], verbs: [patch]}",
      ]);
      yield* nothingWritten;
      assert.deepStrictEqual(yield* outboxEvents, []);
    }).pipe(
      Effect.provide(
        world({
          may: (access) =>
            !isAll(access) &&
            !(access.resource === "deployments" && access.verb === "patch") &&
            !(
              access.resource === "customresourcedefinitions" &&
              (access.verb === "patch" || access.verb === "create")
            ),
        }),
      ),
    ),
  );

  it.effect("to single objects by name are enough", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
    }).pipe(
      Effect.provide(
        world({
          may: ({ verb, name, ...access }) =>
            verb !== "*" &&
            (access.resource !== "deployments" ||
              verb !== "patch" ||
              name === "envoy-gateway" ||
              name === "ai-gateway"),
        }),
      ),
    ),
  );

  it.effect("that cannot be asked for are a warning", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const warnings = yield* (yield* Recorder).warnings;
      assert.isTrue(warnings.some((one) => one.startsWith("could not check the permissions")));
    }).pipe(Effect.provide(world({ faults: [{ verb: "review", trouble: unreachable }] }))),
  );

  it.effect("to read the live objects are not needed to find out what is missing", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.deepStrictEqual(error?.why, [
        "missing permission: get deployments.apps in namespace tars-system",
      ]);
    }).pipe(
      Effect.provide(
        world({
          faults: [{ actor: "helm", verb: "get", kind: "Deployment", trouble: forbidden }],
          may: (access) =>
            !isAll(access) && !(access.resource === "deployments" && access.verb === "get"),
        }),
      ),
    ),
  );
});

describe("the version guard", () => {
  const older = tarsChart({ version: "1.0.9" });

  it.effect("refuses a downgrade", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "DowngradeRefused");
      assert.strictEqual(error?.exitCode, 10);
      assert.strictEqual(error?.what, "release tars runs 1.1.0, and 1.0.9 is older");
      yield* nothingWritten;
    }).pipe(Effect.provide(world({ chart: older }))),
  );

  it.effect("lets it through when told to, and a repair to the same version always", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade({ options: { allowDowngrade: true } });
      assert.strictEqual(result?.toVersion, "1.0.9");
      const again = yield* runUpgrade();
      assert.strictEqual(again.result?.toVersion, "1.0.9");
    }).pipe(Effect.provide(world({ chart: older }))),
  );

  it.effect("refuses to replace something else that has the release's name", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "ForeignChart");
      assert.strictEqual(error?.exitCode, 10);
      assert.include(error?.what, "redis");
      yield* nothingWritten;
    }).pipe(
      Effect.provide(world({ installed: { ...tarsChart({ version: "1.1.0" }), name: "redis" } })),
    ),
  );
});

describe("the size of Helm's record", () => {
  /** What gzip cannot make smaller. */
  const noise = (bytes: number): string =>
    Array.from({ length: Math.ceil(bytes / 43) }, (_, index) =>
      createHash("sha256").update(String(index)).digest("base64url"),
    ).join("");
  const large = (base: ReturnType<typeof tarsChart>) => ({
    ...base,
    render: (...args: Parameters<typeof base.render>) => [
      ...base.render(...args),
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "ballast", namespace: "tars-system" },
        data: { ballast: noise(1_200_000) },
      },
    ],
  });
  const quick = tarsChart({ version: "1.2.0", crds: QUICK_CRDS });

  it.effect("stops the run when no Secret can hold it", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "PreflightFailed");
      assert.match(
        error?.why[0] ?? "",
        /^size: Helm's record .* would take \d+ KiB of the 1024 KiB/,
      );
      yield* nothingWritten;
    }).pipe(Effect.provide(world({ chart: large(tarsChart({ version: "1.2.0" })) }))),
  );

  it.effect("stops a run as well that would otherwise leave the server to Helm", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const before = (yield* writesOf("tare")).length;
      yield* (yield* FakeCharts).put(EMBEDDED_CHART, large(quick));
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "PreflightFailed");
      assert.match(error?.why[0] ?? "", /^size: /);
      assert.strictEqual((yield* writesOf("tare")).length, before);
    }).pipe(Effect.provide(world({ helm: HELM_4, chart: quick }))),
  );
});

describe("what is known of Helm", () => {
  const fewer = tarsChart({ version: "1.2.0", workloads: ["envoy-gateway"] });
  const defects = Effect.gen(function* () {
    yield* runUpgrade();
    const warnings = yield* (yield* Recorder).warnings;
    return warnings.filter((one) => one.startsWith("Helm v"));
  });

  it.effect("is told where it matters: an old Helm and a chart that drops an object", () =>
    Effect.gen(function* () {
      const [warning] = yield* defects;
      assert.include(warning, "cannot roll back on its own");
      assert.include(warning, "Deployment ai-gateway");
    }).pipe(Effect.provide(world({ helm: HELM_3, chart: fewer }))),
  );

  it.effect.each([
    { helm: HELM_3, chart: tarsChart({ version: "1.2.0" }) },
    { helm: HELM_4, chart: fewer },
    { helm: "v3.22.0", chart: fewer },
  ])("is kept quiet where it does not ($helm)", (scenario) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* defects, []);
    }).pipe(Effect.provide(world(scenario))),
  );
});

describe("what others own", () => {
  it.effect("is found out before anything is written, CRDs or not", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const cluster = yield* FakeCluster;
      const [charts, next] = [yield* FakeCharts, tarsChart({ version: "1.3.0", crds: QUICK_CRDS })];
      const stranger = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "somebody-elses", namespace: "tars-system" },
      };
      yield* charts.put(EMBEDDED_CHART, {
        ...next,
        render: (...args) => [...next.render(...args), stranger],
      });
      yield* cluster.seed(ConfigMap, stranger);
      const before = (yield* writesOf("tare")).length;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeNotStarted");
      assert.strictEqual(error?.exitCode, 23);
      assert.strictEqual((yield* historyLines).length, 2);
      assert.deepInclude((yield* outboxEvents)[1], { error_code: "UpgradeNotStarted" });
      const writes = (yield* writesOf("tare")).slice(before);
      assert.isFalse(writes.some((line) => /tars-identity|tare-gate/.test(line)));
    }).pipe(
      Effect.provide(
        world({ helm: HELM_4, chart: tarsChart({ version: "1.2.0", crds: QUICK_CRDS }) }),
      ),
    ),
  );
});

describe("a chart that does not render", () => {
  it.effect("stops the run before the CRDs, and the history is told", () =>
    Effect.gen(function* () {
      yield* (yield* FakeHelm).breakStep("render", "values don't meet the specification");
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeNotStarted");
      const writes = yield* writesOf("tare");
      assert.isFalse(writes.some((line) => line.includes("CustomResourceDefinition")));
      assert.deepInclude((yield* outboxEvents)[0], { error_code: "UpgradeNotStarted" });
    }).pipe(Effect.provide(world())),
  );
});

describe("--skip-preflight", () => {
  const skipPreflight = { options: { skipPreflight: true } };

  it.effect("skips what the first phase asks, and nothing else", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade(skipPreflight);
      assert.strictEqual(result?.revision, 2);
      assert.strictEqual(yield* askedRights, 1);
      const { requests } = yield* FakeCluster;
      const kinds = (yield* requests).map(({ kind }) => kind);
      assert.notInclude(kinds, "APIService");
    }).pipe(Effect.provide(world())),
  );

  it.effect("still ends before the first write where rights are missing", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade(skipPreflight);
      assert.match(error?.why[0] ?? "", /^missing permission: /);
      yield* nothingWritten;
    }).pipe(Effect.provide(world({ may: () => false }))),
  );

  it.effect("still refuses a downgrade", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade(skipPreflight);
      assert.strictEqual(error?._tag, "DowngradeRefused");
    }).pipe(Effect.provide(world({ chart: tarsChart({ version: "1.0.9" }) }))),
  );
});

describe("the identity", () => {
  const liveIdentity = Effect.gen(function* () {
    const cluster = yield* FakeCluster;
    const found = yield* cluster.peek({
      type: Secret,
      name: "tars-identity",
      namespace: "tars-system",
    });
    return JSON.stringify(found?.data ?? null);
  });

  it.effect("of another workspace is refused before anything is written", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const before = yield* liveIdentity;
      const { error } = yield* runUpgrade({ identity: { ...IDENTITY, workspaceId: "elsewhere" } });
      assert.strictEqual(error?._tag, "OtherWorkspace");
      assert.strictEqual(error?.exitCode, 10);
      assert.notInclude(error?.message, Redacted.value(IDENTITY.privateKey));
      assert.strictEqual(yield* liveIdentity, before);
      assert.strictEqual((yield* historyLines).length, 2);
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    { how: "rolled back", chart: tarsChart({ version: "1.2.0", imageTag: "never-ready" }) },
    {
      how: "rolled back after the gate",
      chart: tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }),
    },
  ])("is the old one again after an upgrade that was $how", ({ chart }) =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const ref = { type: Secret, name: "tars-identity", namespace: "tars-system" };
      yield* cluster.seed(Secret, {
        ...identitySecret({ ...IDENTITY, keyId: "the-old-key" }, "tars-system"),
      });
      const before = yield* liveIdentity;
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.strictEqual(yield* liveIdentity, before);
      assert.isDefined(yield* cluster.peek(ref));
    }).pipe(Effect.provide(world({ chart }))),
  );

  it.effect("stays the new one after an upgrade that was left in place, and one that worked", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const old = identitySecret({ ...IDENTITY, keyId: "the-old-key" }, "tars-system");
      yield* cluster.seed(Secret, old);
      yield* runUpgrade({ options: { atomic: false } });
      assert.notInclude(
        Buffer.from(JSON.parse(yield* liveIdentity)["identity.json"], "base64").toString(),
        "the-old-key",
      );
    }).pipe(
      Effect.provide(world({ chart: tarsChart({ version: "1.2.0", imageTag: "never-ready" }) })),
    ),
  );

  it.effect("of another account of the workspace is a warning", () =>
    Effect.gen(function* () {
      yield* runUpgrade();
      const { result } = yield* runUpgrade({
        identity: { ...IDENTITY, serviceAccountId: "account-2" },
      });
      assert.strictEqual(result?.revision, 3);
      assert.include(
        yield* (yield* Recorder).warnings,
        `the data plane will use service account account-2 instead of ${IDENTITY.serviceAccountId}`,
      );
    }).pipe(Effect.provide(world())),
  );
});

describe("Envoy Gateway 1.9.0, whose successor can leave running proxies without their certificates", () => {
  it.effect("is refused before anything is written", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?.exitCode, 10);
      assert.match(error?.why.join() ?? "", /^versions: this chart brings Envoy Gateway 1\.9\.0, /);
      yield* nothingWritten;
    }).pipe(Effect.provide(world({ chart: tarsChart({ version: "1.2.0", imageTag: "v1.9.0" }) }))),
  );

  it.effect("can be left, with a warning", () =>
    Effect.gen(function* () {
      const { result } = yield* runUpgrade();
      assert.strictEqual(result?.revision, 2);
      const warnings = yield* (yield* Recorder).warnings;
      assert.isTrue(warnings.some((one) => one.startsWith("the release runs Envoy Gateway 1.9.0")));
    }).pipe(
      Effect.provide(world({ installed: tarsChart({ version: "1.1.0", imageTag: "v1.9.0" }) })),
    ),
  );
});

describe("a deployed revision whose data plane was never seen to work", () => {
  it.effect("is told before the next upgrade", () =>
    Effect.gen(function* () {
      const broken = { _tag: "Local", path: "/charts/broken" } as const;
      const first = yield* runUpgrade({ options: { atomic: false, chart: broken } });
      assert.strictEqual(first.error?.exitCode, 22);
      yield* runUpgrade();
      const { warnings } = yield* Recorder;
      assert.include(
        yield* warnings,
        "Helm reports revision 2 as deployed, but its data plane was never seen to work; a failed upgrade goes back to revision 1",
      );
    }).pipe(
      Effect.provide(
        world({
          charts: { "/charts/broken": tarsChart({ version: "1.2.0", envoyTag: "crash-loop" }) },
        }),
      ),
    ),
  );
});
