import { assert, describe, it } from "@effect/vitest";
import { Effect, Result } from "effect";
import {
  DaemonSet,
  Deployment,
  EnvoyProxy,
  Gateway,
  type KubeObject,
  listAt,
  numberAt,
  Pod,
  type ResourceType,
  refOf,
  stringAt,
} from "../../src/domain/kube/objects.ts";
import { DEFAULT_UPGRADE_OPTIONS } from "../../src/domain/run/upgrade-options.ts";
import { plan } from "../../src/operations/plan.ts";
import { warningText } from "../../src/render/warnings/warning.ts";
import {
  type Beside,
  ELSEWHERE,
  FakeCluster,
  FakeDeployments,
  FakeEnvoyGateway,
  FOREIGN,
  forbidden,
  GATEWAY_CLASS_CRD,
  gatewayOf,
  HELM_3,
  HELM_4,
  IDENTITY,
  INSTALLED_CRDS,
  LEFT_OVER,
  MIRROR,
  mirrored,
  neverReady,
  OF_A_TEAM,
  ON_EACH_NODE,
  OUR_CLASS,
  Recorder,
  runUpgrade,
  simulate,
  tarsChart,
  UNSERVED,
  withField,
  world,
} from "../fakes/index.ts";

/** What others do on the cluster was so before the upgrade, and is no failure of it. */

const withOthers = (...beside: ReadonlyArray<Beside>) => ({
  crds: [...INSTALLED_CRDS, GATEWAY_CLASS_CRD],
  beside: [OUR_CLASS, ...beside],
});

const [, LATE] = gatewayOf("late", "no-such-class");

const BROKEN = tarsChart({ version: "1.2.0", envoyTag: "never-ready" });

const PROXY_IMAGE = ["provider", "kubernetes", "envoyDeployment", "container", "image"];

/** A policy on the settings that proxies are made from, instead of on what is made. */
const settingsMirrored = (type: ResourceType, next: KubeObject): KubeObject => {
  const image = stringAt(next, "spec", ...PROXY_IMAGE) ?? MIRROR;
  return type.plural !== EnvoyProxy.plural || image.startsWith(MIRROR)
    ? next
    : withField(["spec", ...PROXY_IMAGE].join("."), `${MIRROR}${image}`)(next);
};

const warnings = Effect.gen(function* () {
  const { timeline } = yield* Recorder;
  return (yield* timeline).flatMap(({ event }) =>
    event._tag === "Warning" ? [warningText(event.warning)] : [],
  );
});

const imagesOf = Effect.fnUntraced(function* (type: ResourceType, name: string) {
  const cluster = yield* FakeCluster;
  const found = yield* cluster.peek({ type, name, namespace: "tars-dataplane" });
  return listAt(found, "spec", "template", "spec", "containers").map((one) =>
    stringAt(one, "image"),
  );
});

/** From long before the upgrade on. */
const sick = Effect.fnUntraced(function* (name: string) {
  const deployments = yield* FakeDeployments;
  yield* deployments.afflict({
    behaviour: neverReady,
    of: ({ metadata }) => metadata.name.startsWith(`${name}-`),
  });
  const cluster = yield* FakeCluster;
  for (const pod of yield* cluster.all(Pod)) {
    if (pod.metadata.name.startsWith(`${name}-`)) yield* cluster.remove(refOf(Pod, pod));
  }
  yield* simulate(Effect.sleep("5 minutes"), "5 minutes");
});

const upgraded = Effect.gen(function* () {
  const { error } = yield* runUpgrade({ options: { allowDowntime: true } });
  assert.isUndefined(error, error?.why.join("; "));
  return yield* warnings;
});

const rolledBack = Effect.gen(function* () {
  const { error } = yield* runUpgrade({ options: { allowDowntime: true } });
  assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
  return yield* warnings;
});

describe("where a policy rewrites every workload", () => {
  it.effect.each([HELM_3, HELM_4])("an upgrade is an upgrade, with Helm %s", (helm) =>
    Effect.gen(function* () {
      yield* upgraded;
      const [envoy] = yield* imagesOf(Deployment, "egress");
      assert.strictEqual(envoy, `${MIRROR}gcr.io/acme/tars/envoy:envoy-1.2.0`);
    }).pipe(Effect.provide(world({ helm, rewrite: mirrored }))),
  );

  it.effect.each([HELM_3, HELM_4])("one that fails is brought back, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const said = yield* rolledBack;
      assert.deepStrictEqual(
        said.filter((line) => line.startsWith("Helm left")),
        [],
      );
      const [envoy] = yield* imagesOf(Deployment, "egress");
      assert.strictEqual(envoy, `${MIRROR}gcr.io/acme/tars/envoy:envoy-1.1.0`);
    }).pipe(Effect.provide(world({ helm, rewrite: mirrored, chart: BROKEN }))),
  );

  it.effect("the server need not be asked where it did the same before", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({
        actor: "tare",
        verb: "patch",
        kind: "Deployment",
        trouble: forbidden,
      });
      yield* upgraded;
    }).pipe(Effect.provide(world({ rewrite: mirrored }))),
  );

  it.effect("an upgrade is one although nothing that runs was rewritten yet", () =>
    Effect.gen(function* () {
      yield* (yield* FakeCluster).rewrite(mirrored);
      yield* upgraded;
    }).pipe(Effect.provide(world())),
  );

  it.effect.each([HELM_3, HELM_4])("the settings of the proxies too, with Helm %s", (helm) =>
    Effect.gen(function* () {
      yield* rolledBack;
    }).pipe(Effect.provide(world({ helm, rewrite: settingsMirrored, chart: BROKEN }))),
  );

  it.effect("proxies that are really old are told from it", () =>
    Effect.gen(function* () {
      yield* (yield* FakeEnvoyGateway).setAwake(false);
      const { error } = yield* runUpgrade();
      assert.match(error?.why.join("; ") ?? "", /image not updated yet/);
    }).pipe(Effect.provide(world({ rewrite: mirrored }))),
  );
});

describe("where a policy that came meanwhile refuses the new proxies", () => {
  it.effect("its words are the cause", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.admit((type, next) =>
        type.plural === Deployment.plural && JSON.stringify(next).includes("envoy:envoy-1.2.0")
          ? "ValidatingAdmissionPolicy 'signed-images' denied request: envoy-1.2.0 is not signed"
          : undefined,
      );
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack");
      assert.match(error?.why.join("; ") ?? "", /the server refuses that: .*is not signed/);
    }).pipe(Effect.provide(world())),
  );
});

describe("a Gateway", () => {
  it.effect("of another controller, or of no class at all, is none of the upgrade's business", () =>
    Effect.gen(function* () {
      const said = (yield* upgraded).join("\n");
      assert.include(said, "tars-dataplane/grafana (its class platform belongs to");
      assert.include(said, "tars-dataplane/forgotten (nothing serves it)");
    }).pipe(Effect.provide(world(withOthers(...FOREIGN, ...UNSERVED)))),
  );

  it.effect("that somebody makes while the upgrade runs does not hold it up", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.react(({ type, before, after }) =>
        type.plural === EnvoyProxy.plural && before !== undefined && after !== undefined
          ? cluster
              .write({ type: Gateway, name: "late", namespace: "tars-dataplane" }, () =>
                Result.succeed({ object: LATE, owners: new Map() }),
              )
              .pipe(Effect.ignore)
          : undefined,
      );
      yield* upgraded;
      assert.isDefined(
        yield* cluster.peek({ type: Gateway, name: "late", namespace: "tars-dataplane" }),
      );
    }).pipe(Effect.provide(world(withOthers()))),
  );

  it.effect("of the release must be served, whatever was before", () =>
    Effect.gen(function* () {
      yield* (yield* FakeEnvoyGateway).setAwake(false);
      const cluster = yield* FakeCluster;
      yield* cluster.remove({ type: Deployment, name: "egress", namespace: "tars-dataplane" });
      const { error } = yield* runUpgrade();
      assert.match(error?.why.join("; ") ?? "", /no Deployment was made for this Gateway/);
    }).pipe(Effect.provide(world())),
  );

  it.effect("whose proxies never came up is no failure of the upgrade", () =>
    Effect.gen(function* () {
      yield* sick("sick");
      const said = (yield* upgraded).join("\n");
      assert.include(said, "tars-dataplane/sick (Deployment tars-dataplane/sick is not well)");
    }).pipe(Effect.provide(world(withOthers(gatewayOf("sick", "tars-egress"))))),
  );

  it.effect("that was well, of whomever, must be well again", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
    }).pipe(
      Effect.provide(world({ ...withOthers(gatewayOf("second", "tars-egress")), chart: BROKEN })),
    ),
  );
});

describe("a Gateway of the release's class in a namespace of its own", () => {
  it.effect("is followed as those beside the data plane are", () =>
    Effect.gen(function* () {
      yield* upgraded;
      const { timeline } = yield* Recorder;
      const seen = (yield* timeline).flatMap(({ event }) =>
        event._tag === "DataPlaneProgress"
          ? event.deployments.filter(({ name }) => name === "edge")
          : [],
      );
      assert.deepInclude(seen.at(-1), { group: "data-plane", updated: 2, ready: 2, desired: 2 });
    }).pipe(Effect.provide(world(withOthers(...OF_A_TEAM)))),
  );

  it.effect("must be well again where it was well", () =>
    Effect.gen(function* () {
      yield* (yield* FakeDeployments).afflict({
        behaviour: neverReady,
        of: (pod) =>
          pod.metadata.namespace === "team-a" && JSON.stringify(pod.spec).includes("envoy-1.2.0"),
      });
      const { error } = yield* runUpgrade({ options: { allowDowntime: true } });
      assert.strictEqual(error?._tag, "UpgradeRolledBack", error?.why.join("; "));
      assert.match(error?.why.join("; ") ?? "", /edge/);
    }).pipe(Effect.provide(world(withOthers(...OF_A_TEAM)))),
  );

  it.effect("was found unserved, and need not be served after", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const edge = { type: Deployment, name: "edge", namespace: "team-a" };
      yield* cluster.react(({ type, after }) =>
        type.plural === Deployment.plural && after?.metadata.name === "edge"
          ? Effect.ignore(cluster.remove(edge))
          : undefined,
      );
      yield* cluster.remove(edge);
      assert.include((yield* upgraded).join("\n"), "team-a/edge (nothing serves it)");
    }).pipe(Effect.provide(world(withOthers(...OF_A_TEAM)))),
  );

  it.effect("is not looked for by an account that may not read all namespaces", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      yield* cluster.inject({ actor: "tare", label: /^list gateways$/, trouble: forbidden });
      yield* cluster.inject({ actor: "tare", label: /^watch gateways$/, trouble: forbidden });
      assert.notInclude((yield* upgraded).join("\n"), "edge");
    }).pipe(Effect.provide(world(withOthers(...OF_A_TEAM)))),
  );

  it.effect("of another controller is not even mentioned", () =>
    Effect.gen(function* () {
      assert.notInclude((yield* upgraded).join("\n"), "team-b");
    }).pipe(
      Effect.provide(
        world(
          withOthers(
            ...FOREIGN,
            gatewayOf("their-own", "platform", undefined, "team-b"),
            gatewayOf("forgotten", "no-such-class", undefined, "team-b"),
          ),
        ),
      ),
    ),
  );
});

describe("what an upgrade will not be judged by", () => {
  it.effect.each([
    ["Gateways of others", world(withOthers(...FOREIGN, ...UNSERVED)), true],
    ["nothing", world(withOthers()), false],
  ] as const)("is told by the plan in the same words: %s", ([, where, any]) =>
    Effect.gen(function* () {
      const notices = (said: ReadonlyArray<string>) =>
        said.filter((line) => line.includes("tars-dataplane/"));
      yield* simulate(plan(DEFAULT_UPGRADE_OPTIONS, IDENTITY));
      const planned = notices(yield* warnings);
      assert.strictEqual(planned.length > 0, any);
      const both = notices(yield* upgraded);
      assert.deepStrictEqual(both, [...planned, ...planned]);
    }).pipe(Effect.provide(where)),
  );
});

describe("proxies of a DaemonSet", () => {
  it.effect("are followed as those of Deployments are", () =>
    Effect.gen(function* () {
      yield* upgraded;
      const { timeline } = yield* Recorder;
      const seen = (yield* timeline).flatMap(({ event }) =>
        event._tag === "DataPlaneProgress"
          ? event.deployments.filter(({ name }) => name === "nodes")
          : [],
      );
      assert.deepInclude(seen.at(-1), { ready: 3, desired: 3, updated: 3 });
    }).pipe(Effect.provide(world(withOthers(...ON_EACH_NODE)))),
  );

  it.effect("stand beside an upgrade that fails, and is brought back", () =>
    Effect.gen(function* () {
      yield* rolledBack;
      const cluster = yield* FakeCluster;
      const where = { type: DaemonSet, name: "nodes", namespace: "tars-dataplane" };
      assert.strictEqual(numberAt(yield* cluster.peek(where), "status", "numberReady"), 3);
    }).pipe(Effect.provide(world({ ...withOthers(...ON_EACH_NODE), chart: BROKEN }))),
  );
});

describe("proxies that somebody has paused", () => {
  it.effect("stay as they are, which is said before the first write", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      const egress = { type: Deployment, name: "egress", namespace: "tars-dataplane" };
      yield* cluster.edit(egress, withField("spec.paused", true));
      yield* simulate(Effect.sleep("1 minute"), "1 minute");
      assert.include((yield* upgraded).join("\n"), "paused, so that its pods stay as they are");
      const pods = yield* cluster.all(Pod, "tars-dataplane");
      assert.lengthOf(
        pods.filter((pod) => JSON.stringify(pod.spec).includes("envoy-1.1.0")),
        2,
      );
    }).pipe(Effect.provide(world())),
  );
});

describe("settings in a namespace of their own", () => {
  it.effect("are what the proxies of their class are compared with", () =>
    Effect.gen(function* () {
      yield* upgraded;
    }).pipe(Effect.provide(world(withOthers(...ELSEWHERE)))),
  );

  it.effect("decide whether the data plane is highly available", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.strictEqual(error?._tag, "SingleReplica");
    }).pipe(Effect.provide(world(withOthers(...ELSEWHERE)))),
  );
});

describe("settings that no Gateway refers to", () => {
  it.effect("decide nothing", () =>
    Effect.gen(function* () {
      const { error } = yield* runUpgrade();
      assert.isUndefined(error, error?.why.join("; "));
    }).pipe(Effect.provide(world(withOthers(...LEFT_OVER)))),
  );
});

describe("what was not well before", () => {
  it.effect.each([HELM_3, HELM_4])(
    "does not make a rollback one that failed: the rate limiter, with Helm %s",
    (helm) =>
      Effect.gen(function* () {
        yield* sick("envoy-ratelimit");
        assert.include((yield* rolledBack).join("\n"), "not well before this upgrade");
      }).pipe(Effect.provide(world({ helm, chart: BROKEN }))),
  );

  it.effect.each([HELM_3, HELM_4])(
    "does not make a rollback one that failed: a workload of the release, with Helm %s",
    (helm) =>
      Effect.gen(function* () {
        yield* sick("ai-gateway");
        assert.include((yield* rolledBack).join("\n"), "not well before this upgrade");
      }).pipe(Effect.provide(world({ helm }))),
  );
});
