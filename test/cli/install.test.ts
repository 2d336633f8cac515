import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import { Namespace, Pod, Secret } from "../../src/domain/kube/objects.ts";
import {
  dataPlane,
  EMPTY,
  FakeCluster,
  FakePrompts,
  HELM_4,
  historyLines,
  type Scenario,
  tarsChart,
  world,
  writesOf,
} from "../fakes/index.ts";
import {
  clusterObjects,
  IDENTITY_JSON,
  PULL_CONFIG,
  PULL_LOGIN,
  PULL_PASSWORD,
  runInstallCli,
} from "./support.ts";

const RUNNING: Scenario = { installed: tarsChart({ version: "1.2.0" }) };

describe("tare install", () => {
  it.effect("says what it does, from the summary to the last hints", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes", "--image-registry", "gcr.io/acme/tars"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(run.stdout, []);
      const lines = run.stderr.filter((line) => !/ \d\/\d ready/.test(line));
      assert.deepStrictEqual(lines, [
        "[1/5] Preflight (Helm / kubectl / cluster)",
        "[2/5] Configuration",
        "Using embedded chart",
        "installing 1.2.0 (embedded chart) as release tars in tars-system, data plane in tars-dataplane",
        "cluster https://cluster.example:6443 (context prod)",
        "registry gcr.io/acme/tars, enterprise, HA",
        "[3/5] Namespaces and secrets",
        "namespace tars-system created",
        "namespace tars-dataplane created",
        "Secret tars-system/tars-identity written",
        "[4/5] Apply / update CRDs",
        "4 created, 0 updated, 0 skipped",
        "[5/5] Helm install",
        "helm upgrade --install --atomic --wait, timeout 10m",
        "Installation completed.",
        "",
        "Inspect:",
        "kubectl get pods -n tars-system --context prod",
        "kubectl get pods -n tars-dataplane --context prod",
        "Its history:",
        "helm history tars -n tars-system --kube-context prod",
        "",
        "1.2.0 as revision 1, 2 of 2 proxies ready, took 23s",
      ]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("ends with a summary in JSON, for a first run and for one with nothing to do", () =>
    Effect.gen(function* () {
      const first = yield* runInstallCli(["--yes", "--output", "json"]);
      const types = first.stdout.map((line) => JSON.parse(line).type);
      assert.includeMembers(types, ["installation-prepared", "namespace-prepared", "summary"]);
      assert.deepInclude(JSON.parse(first.stdout.at(-1) ?? ""), {
        ...{ outcome: "succeeded", exitCode: 0, revision: 1, toVersion: "1.2.0" },
      });
      const again = yield* runInstallCli(["--yes", "--output", "json"]);
      assert.deepInclude(JSON.parse(again.stdout.at(-1) ?? ""), {
        ...{ outcome: "unchanged", exitCode: 0, revision: 1 },
      });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("begins nothing without a yes", () =>
    Effect.gen(function* () {
      const unattended = yield* runInstallCli();
      assert.strictEqual(unattended.code, 2);
      assert.include(unattended.everything, "tare install identity.json --yes");
      const operator = yield* FakePrompts;
      yield* operator.answerWith({ confirm: false });
      assert.strictEqual((yield* runInstallCli()).code, 2);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      yield* operator.answerWith({ confirm: true });
      assert.strictEqual((yield* runInstallCli()).code, 0);
      assert.lengthOf(yield* operator.asked, 2);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("lists all that is missing at once, or asks for it", () =>
    Effect.gen(function* () {
      const flags = ["--yes", "--deployment-mode", "saas"];
      const unattended = yield* runInstallCli(flags);
      assert.strictEqual(unattended.code, 2);
      assert.include(unattended.everything, "2 values are missing");
      assert.include(unattended.everything, "--customer CUSTOMER --environment ENVIRONMENT");
      assert.deepStrictEqual(yield* writesOf("tare"), []);
      const operator = yield* FakePrompts;
      yield* operator.answerWith({ confirm: true, values: { customer: "acme" } });
      const attended = yield* runInstallCli(flags, { env: { TARE_ENVIRONMENT: "prod" } });
      assert.strictEqual(attended.code, 0, attended.everything);
      assert.deepStrictEqual(yield* operator.asked, [
        { path: "global.customer", flag: "customer" },
      ]);
      assert.deepInclude(attended.values.global, { customer: "acme", environment: "prod" });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("takes a value from a flag before the environment before the identity file", () =>
    Effect.gen(function* () {
      const identity = { ...IDENTITY_JSON, customer: "file", environment: "file" };
      const env = { TARE_CUSTOMER: "variable", TARE_ENVIRONMENT: "variable" };
      const run = yield* runInstallCli(["--yes", "--customer", "flag"], { identity, env });
      assert.deepInclude(run.values.global, { customer: "flag", environment: "variable" });
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

const pullSecrets = Effect.gen(function* () {
  const secrets = yield* (yield* FakeCluster).all(Secret);
  return secrets
    .filter(({ metadata }) => metadata.name === "tars-image-pull")
    .map(({ metadata }) => metadata.namespace)
    .sort();
});

describe("a pull secret", () => {
  const registry = ["--yes", "--image-registry", "gcr.io/acme/tars"];

  it.effect.each([
    ["a file", ["--image-pull-secret", "@FOLDER/config.json"], {}],
    ["the environment", [], { TARE_IMAGE_PULL_SECRET: PULL_CONFIG }],
    [
      "the environment, in base64",
      [],
      { TARE_IMAGE_PULL_SECRET: Buffer.from(PULL_CONFIG).toString("base64") },
    ],
  ] as const)("from %s is put into both namespaces, and shown nowhere", ([_, flags, env]) =>
    Effect.gen(function* () {
      const files = { "config.json": PULL_CONFIG };
      const run = yield* runInstallCli([...registry, ...flags], { files, env });
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepStrictEqual(yield* pullSecrets, ["tars-dataplane", "tars-system"]);
      assert.deepInclude(run.values.global, { imagePullSecretName: "tars-image-pull" });
      const elsewhere = (yield* clusterObjects).filter(
        ({ metadata }) => metadata.name !== "tars-image-pull",
      );
      for (const text of [
        run.everything,
        JSON.stringify(run.invocations),
        JSON.stringify(elsewhere),
      ]) {
        assert.notInclude(text, PULL_PASSWORD);
        assert.notInclude(text, PULL_LOGIN);
        assert.notInclude(text, Buffer.from(PULL_CONFIG).toString("base64"));
      }
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("that the proxies do not refer to is told, with what to set", () =>
    Effect.gen(function* () {
      const env = { TARE_IMAGE_PULL_SECRET: PULL_CONFIG };
      const run = yield* runInstallCli([...registry, "--output", "json"], { env });
      const { warnings } = JSON.parse(run.stdout.at(-1) ?? "");
      assert.deepStrictEqual(
        warnings.map(({ code }: { readonly code: string }) => code),
        ["pull-secret-not-used"],
      );
      assert.include(run.everything, "Deployment tars-dataplane/egress does not refer to");
      assert.include(run.everything, "spec.provider.kubernetes.envoyDeployment.pod");
    }).pipe(
      Effect.provide(
        world({
          ...EMPTY,
          rewrite: (type, next) =>
            type.kind === "EnvoyProxy"
              ? JSON.parse(JSON.stringify(next).replace(/,"pod":\{[^}]*\}\]\}/, ""))
              : next,
        }),
      ),
    ),
  );

  it.effect("that all refer to is not worth a word", () =>
    Effect.gen(function* () {
      const env = { TARE_IMAGE_PULL_SECRET: PULL_CONFIG };
      const run = yield* runInstallCli(registry, { env });
      assert.strictEqual(run.code, 0);
      assert.notInclude(run.everything, "warning");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is rotated by a run that changes nothing else", () =>
    Effect.gen(function* () {
      const given = (config: string) => ({ env: { TARE_IMAGE_PULL_SECRET: config } });
      yield* runInstallCli(registry, given(PULL_CONFIG));
      const next = Buffer.from("robot:another-password").toString("base64");
      const run = yield* runInstallCli(["--yes"], given(PULL_CONFIG.replace(PULL_LOGIN, next)));
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(run.stderr, "Secret tars-dataplane/tars-image-pull written");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([
    [
      "for another registry",
      PULL_CONFIG.replace("gcr.io", "quay.io"),
      /expected credentials for gcr.io/,
    ],
    ["that is cut short", PULL_CONFIG.slice(0, -3), /not JSON/],
    ["that is empty", " ", /found nothing/],
  ] as const)("%s is refused before anything is written", ([_, config, expected]) =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(registry, { env: { TARE_IMAGE_PULL_SECRET: config } });
      assert.strictEqual(run.code, 2);
      assert.match(run.everything, expected);
      assert.notInclude(run.everything, PULL_LOGIN);
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("that was given for a name is not repeated", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli([...registry, "--image-pull-secret", PULL_CONFIG]);
      assert.strictEqual(run.code, 2);
      assert.notInclude(run.everything, PULL_LOGIN);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("of the operator's own is referred to by its name", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli([...registry, "--image-pull-secret", "acme-pull"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.deepInclude(run.values.global, { imagePullSecretName: "acme-pull" });
      assert.deepStrictEqual(yield* pullSecrets, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("a release that runs", () => {
  it.effect("keeps all its values, and gets the flag on top", () =>
    Effect.gen(function* () {
      const values = { gateway: { service: { type: "LoadBalancer" } }, odd: ["0123", null, 1] };
      yield* runInstallCli(["--yes", "--values", JSON.stringify(values)]);
      const run = yield* runInstallCli(["--yes", "--customer", "acme"]);
      assert.strictEqual(run.code, 0, run.everything);
      const [, second] = run.invocations;
      assert.deepInclude(second?.values, { ...values });
      assert.deepInclude(second?.values?.global, { customer: "acme" });
      assert.lengthOf(yield* historyLines, 2);
    }).pipe(Effect.provide(world({ ...EMPTY, helm: HELM_4 }))),
  );

  it.effect("as it was asked to be is left alone", () =>
    Effect.gen(function* () {
      yield* runInstallCli(["--yes"]);
      const written = yield* writesOf("tare");
      const run = yield* runInstallCli();
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(
        run.stderr,
        "nothing to do: release tars runs 1.2.0 with these values (revision 1)",
      );
      assert.include(written, "apply Secret tars-system/tars-identity");
      assert.deepStrictEqual(yield* writesOf("tare"), written);
    }).pipe(Effect.provide(world(RUNNING))),
  );

  it.effect("with one proxy is made HA, and none is replaced", () =>
    Effect.gen(function* () {
      yield* runInstallCli(["--yes", "--no-ha"]);
      assert.strictEqual(yield* dataPlane, "docker.io/tars/envoy:envoy-1.2.0 1/1");
      const run = yield* runInstallCli(["--yes", "--ha"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.strictEqual(yield* dataPlane, "docker.io/tars/envoy:envoy-1.2.0 2/2");
      const [first, second] = run.invocations;
      assert.deepStrictEqual(second?.values, { ...first?.values, ha: { enabled: true } });
      assert.strictEqual((yield* runInstallCli(["--yes", "--ha"])).code, 0);
      assert.lengthOf(yield* historyLines, 2);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("keeps its own drain, and replaces nothing for another one", () =>
    Effect.gen(function* () {
      yield* runInstallCli(["--yes", "--drain-timeout-seconds", "60"]);
      const run = yield* runInstallCli(["--yes", "--customer", "acme"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.notMatch(run.everything, /holding|longer drain|drain 5m/);
      assert.deepInclude(run.invocations[1]?.values, { shutdown: { drainTimeout: "60s" } });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("with one proxy is not changed in ways that replace it", () =>
    Effect.gen(function* () {
      yield* runInstallCli(["--yes", "--no-ha"]);
      const run = yield* runInstallCli(["--yes", "--image-registry", "other.example"]);
      assert.strictEqual(run.code, 12, run.everything);
      assert.lengthOf(yield* historyLines, 1);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("of another version is upgraded by tare upgrade", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, 10);
      assert.include(run.stderr, "tare upgrade identity.json");
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(Effect.provide(world())),
  );

  it.effect("made by another chart is left alone", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, 10);
      assert.include(run.everything, "was installed from chart redis");
    }).pipe(
      Effect.provide(world({ installed: { ...tarsChart({ version: "1.2.0" }), name: "redis" } })),
    ),
  );

  it.effect("elsewhere is named", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes", "--release-name", "other"]);
      assert.strictEqual(run.code, 10);
      assert.include(run.everything, "there is a TARS release tars in namespace tars-system");
    }).pipe(Effect.provide(world(RUNNING))),
  );

  it.effect("in a namespace that is being deleted is told, with what holds it", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, 10);
      assert.include(run.everything, "held by finalizers acme.example/hold");
      assert.deepStrictEqual(yield* writesOf("tare"), []);
    }).pipe(
      Effect.provide(
        world({
          ...EMPTY,
          beside: [
            [
              Namespace,
              {
                apiVersion: "v1",
                kind: "Namespace",
                metadata: {
                  name: "tars-dataplane",
                  deletionTimestamp: "2026-11-28T10:00:00Z",
                  finalizers: ["acme.example/hold"],
                },
              },
            ],
          ],
        }),
      ),
    ),
  );
});

/** A namespace that somebody else made, with a pod of theirs. */
const occupied = (labels: Record<string, string>, spec: object): Scenario => ({
  ...EMPTY,
  beside: [
    [Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: "tars-system", labels } }],
    [
      Pod,
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "theirs", namespace: "tars-system", labels: { app: "theirs" } },
        spec: { containers: [{ name: "main", image: "theirs:1" }], ...spec },
      },
    ],
  ],
});

const levelOf = Effect.gen(function* () {
  const found = yield* (yield* FakeCluster).all(Namespace);
  const namespace = found.find(({ metadata }) => metadata.name === "tars-system");
  return namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"];
});

describe("Pod Security of a namespace in which others have pods", () => {
  it.effect.each([
    [
      "names those that the level would not let in again",
      { hostNetwork: true },
      "baseline would not let in again theirs: host namespaces",
    ],
    ["says that the level would let all of them in", {}, "baseline would let all of them in"],
  ] as const)("%s, and sets none", ([_, spec, told]) =>
    Effect.gen(function* () {
      const plan = yield* runInstallCli(["--plan"]);
      assert.include(plan.everything, told);
      const run = yield* runInstallCli(["--yes"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(run.everything, told);
      assert.isUndefined(yield* levelOf);
      const again = yield* runInstallCli(["--yes", "--customer", "acme"]);
      assert.notInclude(again.everything, "Pod Security");
    }).pipe(Effect.provide(world(occupied({}, spec)))),
  );

  it.effect("leaves a level that is set, and says nothing", () =>
    Effect.gen(function* () {
      const run = yield* runInstallCli(["--yes"]);
      assert.notInclude(run.everything, "Pod Security");
      assert.strictEqual(yield* levelOf, "privileged");
    }).pipe(
      Effect.provide(
        world(occupied({ "pod-security.kubernetes.io/enforce": "privileged" }, { hostPID: true })),
      ),
    ),
  );
});
