import { assert, describe, it } from "@effect/vitest";
import { Duration, Effect, Result } from "effect";
import type { Access } from "../../../src/domain/access/access.ts";
import { setPath } from "../../../src/domain/kube/json.ts";
import { DaemonSet, Deployment, type KubeObject, Pod } from "../../../src/domain/kube/objects.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../../src/domain/run/upgrade-options.ts";
import { type HaFacts, haPreflight, readHa } from "../../../src/phases/checks/ha-preflight.ts";
import { KubectlError } from "../../../src/services/kube/Kubectl.ts";
import {
  crd,
  FakeCluster,
  FakeStreams,
  forbidden,
  GATEWAY,
  INSTALLED_VALUES,
  Recorder,
  TARS_EGRESS,
  world,
} from "../../fakes/index.ts";

const proxy = (name: string, minReplicas: number | undefined): KubeObject => ({
  apiVersion: "gateway.envoyproxy.io/v1alpha1",
  kind: "EnvoyProxy",
  metadata: { name, namespace: "tars-system" },
  spec: {
    provider: { kubernetes: { envoyHpa: minReplicas === undefined ? {} : { minReplicas } } },
  },
});

const deployment = (replicas: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "egress", namespace: "tars-dataplane" },
  status: { replicas },
});

const judge = (facts: Partial<HaFacts>, options: Partial<typeof DEFAULT_UPGRADE_OPTIONS> = {}) =>
  haPreflight.run({
    options: { ...DEFAULT_UPGRADE_OPTIONS, ...options },
    facts: Effect.succeed({
      envoyProxies: Result.succeed([proxy("tars-egress", 2)]),
      deployments: [],
      daemonSets: [],
      use: undefined,
      ...facts,
    }),
  });

const of = (...proxies: ReadonlyArray<KubeObject>): Partial<HaFacts> => ({
  envoyProxies: Result.succeed(proxies),
});

describe("the HA preflight", () => {
  it.effect.each([2, 3, 10])("lets %d replicas pass", (minReplicas) =>
    Effect.gen(function* () {
      const verdict = yield* judge(of(proxy("tars-egress", minReplicas)));
      assert.strictEqual(verdict._tag, "HighlyAvailable");
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([undefined, 0, 1])("refuses %s replicas, and not with --allow-downtime", (n) =>
    Effect.gen(function* () {
      const facts = of(proxy("tars-egress", n));
      const refused = yield* Effect.flip(judge(facts));
      assert.strictEqual(refused._tag, "SingleReplica");
      const verdict = yield* judge(facts, { allowDowntime: true });
      assert.strictEqual(verdict._tag, "SingleReplica");
    }).pipe(Effect.provide(world())),
  );

  it.effect("lets the lowest of several decide", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(judge(of(proxy("a", 3), proxy("b", 1), proxy("c", 2))));
      assert.strictEqual(refused.envoyProxy, "b");
      assert.strictEqual(refused.outOf, 3);
    }).pipe(Effect.provide(world())),
  );

  it.effect("does not stop when it cannot know", () =>
    Effect.gen(function* () {
      const request = "list envoyproxies";
      const error = new KubectlError({ reason: "Forbidden", request, detail: "forbidden" });
      const verdict = yield* judge({ envoyProxies: Result.fail(error) });
      assert.deepStrictEqual(verdict, {
        _tag: "Unknown",
        why: { _tag: "Unreadable", detail: "list envoyproxies: forbidden" },
      });
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    [2, 360, false],
    [2, 359, true],
    [20, 360, false],
    [0, 1, false],
  ] as const)(
    "with %d live replicas and %d s of timeout: a warning is %s",
    ([replicas, seconds, warns]) =>
      Effect.gen(function* () {
        yield* judge(
          { deployments: [deployment(replicas)] },
          { timeout: Duration.seconds(seconds) },
        );
        const told = yield* (yield* Recorder).warnings;
        assert.strictEqual(
          told.some((one) => one.includes("--timeout")),
          warns,
        );
      }).pipe(Effect.provide(world())),
  );
});

describe("proxies that drain for less than is asked for", () => {
  const values = setPath(INSTALLED_VALUES, ["shutdown", "drainTimeout"], "12s");
  /** For an account that is not allowed to hold them. */
  const short = { values, may: ({ resource }: Access) => resource !== "jobs" };

  const warnings = Effect.gen(function* () {
    const streams = yield* FakeStreams;
    const egress = { gateway: "egress", namespace: "tars-dataplane" };
    yield* streams.open({ ...egress, duration: "5 minutes", count: 23 });
    yield* haPreflight.run({
      options: DEFAULT_UPGRADE_OPTIONS,
      facts: Effect.succeed(yield* readHa(DEFAULT_UPGRADE_OPTIONS)),
    });
    return yield* (yield* Recorder).warnings;
  });

  it.effect("are a warning with the streams that are open on them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* warnings, [
        "the running proxies drain for at most 12s; 23 streams are open; longer ones will be cut: this account is not allowed to hold them (it cannot list, create, patch, delete jobs.batch in namespace tars-dataplane)",
      ]);
    }).pipe(Effect.provide(world(short))),
  );

  it.effect("are one without a number where streams cannot be counted", () =>
    Effect.gen(function* () {
      const [warning] = yield* warnings;
      assert.include(warning, "drain for at most 12s; longer ones will be cut");
    }).pipe(Effect.provide(world({ ...short, faults: [{ verb: "proxy", trouble: forbidden }] }))),
  );

  const onlyWarning = Effect.map(warnings, (all) => {
    assert.lengthOf(all, 1);
    return all[0];
  });

  it.effect("are one where the longer drain cannot be written", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* onlyWarning,
        "the running proxies drain for at most 12s; 23 streams are open; longer ones will be cut: this account is not allowed to hold them (it cannot update envoyproxies.gateway.envoyproxy.io in namespace tars-system)",
      );
    }).pipe(
      Effect.provide(
        world({
          values,
          may: ({ resource, verb }) => !(resource === "envoyproxies" && verb === "update"),
        }),
      ),
    ),
  );

  it.effect("are one where it has nowhere to be written to", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.remove(TARS_EGRESS);
      assert.include(
        yield* onlyWarning,
        "12s; 23 streams are open; longer ones will be cut: no EnvoyProxy was found to lengthen the drain of egress",
      );
    }).pipe(Effect.provide(world({ values }))),
  );

  it.effect("are one where the server has no policies for it", () =>
    Effect.gen(function* () {
      assert.include(
        yield* onlyWarning,
        "23 streams are open; longer ones will be cut: they cannot be held on Kubernetes v1.29.4, which has no",
      );
    }).pipe(Effect.provide(world({ values, kubernetes: "v1.29.4" }))),
  );

  it.effect("are one of their own when they run on each node, as nothing holds those", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const [egress] = yield* cluster.all(Deployment, "tars-dataplane");
      assert.isDefined(egress);
      yield* cluster.seed(DaemonSet, {
        ...egress,
        kind: "DaemonSet",
        metadata: {
          name: "edge",
          namespace: "tars-dataplane",
          labels: egress.metadata.labels ?? {},
        },
        status: { desiredNumberScheduled: 3 },
      });
      assert.include(
        yield* onlyWarning,
        "drain for at most 12s; 23 streams are open; longer ones will be cut: those of DaemonSet edge cannot be held",
      );
    }).pipe(Effect.provide(world({ values }))),
  );

  it.effect("are counted without a proxy that does not start", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const [pod] = yield* cluster.all(Pod, "tars-dataplane");
      assert.isDefined(pod);
      yield* cluster.seed(Pod, {
        ...pod,
        metadata: { ...pod.metadata, name: "egress-new", uid: "another" },
        status: { phase: "Pending" },
      });
      assert.include(yield* onlyWarning, "; 23 streams are open; ");
    }).pipe(Effect.provide(world(short))),
  );

  it.effect("are none where they can be held", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* warnings, []);
    }).pipe(Effect.provide(world({ values }))),
  );

  it.effect("are none that drain for as long", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* warnings, []);
    }).pipe(Effect.provide(world())),
  );
});

describe("EnvoyProxies and who uses them", () => {
  const gatewayClass: KubeObject = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "tars" },
    spec: {
      controllerName: "gateway.envoyproxy.io/gatewayclass-controller",
      parametersRef: { kind: "EnvoyProxy", name: "tars-egress", namespace: "tars-system" },
    },
  };
  const gateway = (name: string, namespace: string, own?: string): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace },
    spec: {
      gatewayClassName: "tars",
      ...(own === undefined
        ? {}
        : { infrastructure: { parametersRef: { kind: "EnvoyProxy", name: own } } }),
    },
  });
  const using = (
    proxies: ReadonlyArray<KubeObject>,
    gateways: ReadonlyArray<KubeObject>,
    gatewayClasses: ReadonlyArray<KubeObject> = [gatewayClass],
  ): Partial<HaFacts> => ({
    envoyProxies: Result.succeed(proxies.filter((one) => one.metadata.namespace === "tars-system")),
    use: { envoyProxies: proxies, gateways, gatewayClasses },
  });
  const leftOver = proxy("custom-proxy-config", undefined);
  const egress = proxy("tars-egress", 2);

  it.effect("that nobody refers to decide nothing", () =>
    Effect.gen(function* () {
      const verdict = yield* judge(
        using([leftOver, egress], [gateway("egress", "tars-dataplane")]),
      );
      assert.deepInclude(verdict, { _tag: "HighlyAvailable", envoyProxy: "tars-egress", outOf: 1 });
    }).pipe(Effect.provide(world())),
  );

  it.effect("that a Gateway names itself decide, wherever they are", () =>
    Effect.gen(function* () {
      const own: KubeObject = {
        ...proxy("own", 1),
        metadata: { name: "own", namespace: "team" },
      };
      const gateways = [gateway("egress", "tars-dataplane"), gateway("edge", "team", "own")];
      const refused = yield* Effect.flip(judge(using([egress, own], gateways)));
      assert.deepInclude(refused, { _tag: "SingleReplica", envoyProxy: "own" });
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([
    ["no Gateway", using([leftOver, egress], [])],
    ["Gateways of others", using([leftOver, egress], [gateway("x", "y")], [])],
    ["nothing that can be read", of(leftOver, egress)],
  ] as const)("all decide where there is %s", ([, facts]) =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(judge(facts));
      assert.deepInclude(refused, { _tag: "SingleReplica", envoyProxy: "custom-proxy-config" });
    }).pipe(Effect.provide(world())),
  );
});

describe("what runs on the data plane", () => {
  const live = (replicas: number | undefined): KubeObject => ({
    ...deployment(2),
    spec: replicas === undefined ? {} : { replicas },
  });
  const told = Effect.flatMap(Recorder, ({ warnings }) => warnings);

  it.effect.each([1, undefined])("is a warning where it is one replica (%s)", (replicas) =>
    Effect.gen(function* () {
      yield* judge({ deployments: [live(replicas)] });
      assert.match((yield* told).join(), /Deployment tars-dataplane\/egress runs one replica/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is none with more", () =>
    Effect.gen(function* () {
      yield* judge({ deployments: [live(2), live(7)] });
      assert.notMatch((yield* told).join(), /one replica/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is what --ha=false takes away, in numbers", () =>
    Effect.gen(function* () {
      yield* judge({ deployments: [live(5)], ...of(proxy("tars-egress", 3)) }, { ha: false });
      const [warning] = yield* told;
      assert.match(
        warning ?? "",
        /takes the minimum of 3 replicas and the PodDisruptionBudget away/,
      );
      assert.match(warning ?? "", /Deployment tars-dataplane\/egress runs 5 now/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("is nothing that --ha=false could take from a single replica", () =>
    Effect.gen(function* () {
      yield* judge(of(proxy("tars-egress", 1)), { ha: false, allowDowntime: true });
      assert.notMatch((yield* told).join(), /--ha=false/);
    }).pipe(Effect.provide(world())),
  );
});

describe("the facts of the HA preflight", () => {
  it.effect("are the EnvoyProxies of the system and the Deployments of the data plane", () =>
    Effect.gen(function* () {
      const { envoyProxies, deployments } = yield* readHa(DEFAULT_UPGRADE_OPTIONS);
      assert.isTrue(Result.isSuccess(envoyProxies));
      assert.deepStrictEqual(
        deployments.map(({ metadata }) => metadata.name),
        ["egress"],
      );
    }).pipe(Effect.provide(world())),
  );

  it.effect("say that there is no EnvoyProxy when the type itself is missing", () =>
    Effect.gen(function* () {
      const verdict = yield* haPreflight.run({
        options: DEFAULT_UPGRADE_OPTIONS,
        facts: Effect.succeed(yield* readHa(DEFAULT_UPGRADE_OPTIONS)),
      });
      assert.deepStrictEqual(verdict, { _tag: "Unknown", why: { _tag: "NoEnvoyProxy" } });
    }).pipe(Effect.provide(world({ crds: [crd(GATEWAY)] }))),
  );
});
