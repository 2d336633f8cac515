import { assert, describe, it } from "@effect/vitest";
import { Effect, Exit } from "effect";
import { AdmissionPolicy, AdmissionPolicyBinding } from "../../../src/domain/hold/objects.ts";
import {
  apiVersionOf,
  ConfigMap,
  CustomResourceDefinition,
  EnvoyProxy,
  Gateway,
  type KubeObject,
  Namespace,
  Secret,
} from "../../../src/domain/kube/objects.ts";
import {
  allObjects,
  EMPTY,
  FakeCluster,
  FakeHelm,
  FakeJournalFiles,
  FakeManagementPlane,
  FakeProcesses,
  FakePrompts,
  HELM_3,
  HELM_4,
  outboxEvents,
  processOn,
  Recorder,
  runAs,
  runInstall,
  runUninstall,
  SERVER,
  TARS_EGRESS,
  world,
  writesOf,
} from "../../fakes/index.ts";

const ALL = { deleteSharedCrds: true };

const printed = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) =>
    event._tag === "PhaseStarted" && event.phase.total === 6
      ? [`[${event.phase.index}/${event.phase.total}] ${event.phase.title}`]
      : [],
  );
});

const warnings = Effect.gen(function* () {
  const { events } = yield* Recorder;
  return (yield* events).flatMap((event) => (event._tag === "Warning" ? [event.warning.code] : []));
});

/** Everything on the cluster, but what tells of others. */
const everything = Effect.gen(function* () {
  const cluster = yield* FakeCluster;
  return allObjects(yield* cluster.snapshot)
    .filter(({ kind }) => kind !== "Event")
    .map(({ kind, metadata: { name, namespace = "" } }) => `${kind} ${namespace}/${name}`)
    .sort();
});

const rows = Effect.flatMap(FakeManagementPlane, (plane) => plane.rows);

const planeAway = Effect.flatMap(FakeManagementPlane, (plane) =>
  plane.behave(() => ({ _tag: "Reset", taken: false })),
);

const configMap = (namespace: string, name = "theirs"): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
});

const theirGateway: KubeObject = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "theirs", namespace: "tars-dataplane" },
  spec: { gatewayClassName: "theirs" },
};

describe("an uninstallation", () => {
  it.effect.each([HELM_3, HELM_4])("leaves the cluster as it was, with Helm %s", (helm) =>
    Effect.gen(function* () {
      const before = yield* everything;
      yield* runInstall();
      // What holds proxies in an upgrade stays for the next one.
      const cluster = yield* FakeCluster;
      for (const type of [AdmissionPolicy, AdmissionPolicyBinding]) {
        const metadata = { name: "tare-hold-tars-system-tars" };
        yield* cluster.seed(
          type,
          { apiVersion: apiVersionOf(type), kind: type.kind, metadata },
          "tare",
        );
      }
      const { exit, result } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.strictEqual(result?._tag, "Uninstalled");
      assert.deepStrictEqual(yield* everything, before);
      assert.deepStrictEqual(yield* printed, [
        "[1/6] Preflight",
        "[2/6] Custom resources",
        "[3/6] helm uninstall",
        "[4/6] Namespaces",
        "[5/6] Finalizers that still hold them",
        "[6/6] CRDs",
      ]);
      assert.deepStrictEqual(yield* warnings, []);
      assert.deepStrictEqual(yield* (yield* FakeManagementPlane).rows, [
        "1 install success",
        "1 uninstall success",
      ]);
    }).pipe(Effect.provide(world({ ...EMPTY, helm }))),
  );

  it.effect("is nothing to do the second time, and on a cluster that never had one", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* runUninstall()).result?._tag, "Nothing");
      yield* runInstall();
      yield* runUninstall();
      const before = yield* writesOf("tare");
      assert.strictEqual((yield* runUninstall()).result?._tag, "Nothing");
      assert.deepStrictEqual(yield* writesOf("tare"), before);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("leaves the CRDs of the Gateway API, unless it is told otherwise", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const { result } = yield* runUninstall();
      const cluster = yield* FakeCluster;
      const crds = (yield* cluster.all(CustomResourceDefinition)).map(
        ({ metadata }) => metadata.name,
      );
      assert.deepStrictEqual(crds, ["gateways.gateway.networking.k8s.io"]);
      assert.deepInclude(result?._tag === "Uninstalled" ? result.remains.crds[0] : undefined, {
        name: "gateways.gateway.networking.k8s.io",
        verdict: { _tag: "Stays", why: { _tag: "Shared" } },
      });
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("leaves CRDs and namespaces where it is told to, and nothing of ours in them", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const crds = yield* Effect.map(everything, (all) => all.filter((one) => /^Custom/.test(one)));
      const { exit } = yield* runUninstall({ options: { keepCrds: true, keepNamespaces: true } });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.deepStrictEqual(yield* everything, [
        "APIService /v1beta1.metrics.k8s.io",
        ...crds,
        "Namespace /tars-dataplane",
        "Namespace /tars-system",
      ]);
      assert.strictEqual(
        (yield* runUninstall({ options: { keepCrds: true, keepNamespaces: true } })).result?._tag,
        "Nothing",
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("writes nothing with --dry-run, and says what it would do", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const before = yield* everything;
      const writes = (yield* writesOf("tare")).length;
      const { result } = yield* runUninstall({ options: { dryRun: true, yes: false } });
      assert.strictEqual(result?._tag, "Planned");
      assert.strictEqual((yield* writesOf("tare")).length, writes);
      assert.deepStrictEqual(yield* everything, before);
      const plan = result?._tag === "Planned" ? result.plan : undefined;
      assert.deepStrictEqual(
        plan?.customResources.map(({ type, name }) => `${type.kind} ${name}`).sort(),
        ["EnvoyProxy tars-egress", "Gateway egress"],
      );
      assert.deepStrictEqual(
        plan?.namespaces.map(({ name, verdict }) => `${name} ${verdict._tag}`),
        ["tars-dataplane Delete", "tars-system Delete"],
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("needs the name of the release, typed", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const writes = (yield* writesOf("tare")).length;
      const asking = { options: { yes: false } };
      const unattended = yield* runUninstall(asking);
      assert.deepInclude(unattended.error, { _tag: "NotConfirmed", isAsked: false });
      const operator = yield* FakePrompts;
      for (const typed of ["", "yes", "y", "TARS", "tars-system"]) {
        yield* operator.answerWith({ confirm: true, typed });
        const { error } = yield* runUninstall(asking);
        assert.deepInclude(error, { _tag: "NotConfirmed", isAsked: true, exitCode: 2 });
      }
      assert.strictEqual((yield* writesOf("tare")).length, writes);
      yield* operator.answerWith({ confirm: false, typed: "tars" });
      assert.strictEqual((yield* runUninstall(asking)).result?._tag, "Uninstalled");
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is of a release that Helm has no record of any more", () =>
    Effect.gen(function* () {
      const before = yield* everything;
      yield* runInstall();
      yield* (yield* FakeHelm).uninstall(
        { name: "tars", namespace: "tars-system" },
        { keepHistory: false },
      );
      const { exit } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.deepStrictEqual(yield* everything, before);
      assert.deepStrictEqual(yield* rows, ["1 install success"]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("of an installation is followed by another one, with rows of its own", () =>
    Effect.gen(function* () {
      yield* runInstall();
      yield* runUninstall();
      const { result } = yield* runInstall();
      assert.deepInclude(result, { _tag: "Installed", revision: 1 });
      yield* runUninstall();
      const { received } = yield* FakeManagementPlane;
      const ids = new Set((yield* received).map(({ event_id }) => event_id));
      assert.strictEqual(ids.size, 4);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("what others made", () => {
  it.effect("of these kinds is listed and refused, and stays with --force", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      yield* cluster.seed(Gateway, theirGateway, "kubectl");
      const writes = (yield* writesOf("tare")).length;
      const { error } = yield* runUninstall();
      assert.deepInclude(error, { _tag: "UninstallRefused", exitCode: 10 });
      assert.include(error?.message, "Gateway tars-dataplane/theirs");
      assert.strictEqual((yield* writesOf("tare")).length, writes);
      assert.strictEqual((yield* runUninstall({ options: { dryRun: true } })).error?.exitCode, 10);

      const { exit, result } = yield* runUninstall({ options: { ...ALL, force: true } });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      const left = yield* everything;
      assert.include(left, "Gateway tars-dataplane/theirs");
      assert.include(left, "CustomResourceDefinition /gateways.gateway.networking.k8s.io");
      assert.include(left, "Namespace /tars-dataplane");
      assert.notInclude(left, "Namespace /tars-system");
      assert.notInclude(left, "Gateway tars-dataplane/egress");
      assert.lengthOf(result?._tag === "Uninstalled" ? result.remains.users : [], 1);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("beside it keeps a namespace, and nothing of ours in it", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      yield* cluster.seed(ConfigMap, configMap("tars-system"), "kubectl");
      const { exit } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.deepStrictEqual(yield* everything, [
        "APIService /v1beta1.metrics.k8s.io",
        "ConfigMap tars-system/theirs",
        "Namespace /tars-system",
      ]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("are namespaces, which stay", () =>
    Effect.gen(function* () {
      const cluster = yield* FakeCluster;
      for (const name of ["tars-system", "tars-dataplane"]) {
        const object = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
        yield* cluster.seed(Namespace, object, "kubectl-create");
      }
      const before = yield* everything;
      yield* runInstall();
      yield* runUninstall({ options: ALL });
      assert.deepStrictEqual(yield* everything, before);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("are CRDs, which stay", () =>
    Effect.gen(function* () {
      const before = yield* everything;
      const { exit } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      const crds = (all: ReadonlyArray<string>) => all.filter((one) => /^Custom/.test(one));
      assert.deepStrictEqual(crds(yield* everything), crds(before));
    }).pipe(Effect.provide(world())),
  );

  it.effect("is the identity of another workspace", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      const other = { workspaceId: "another", serviceAccountId: "a", keyId: "k" };
      yield* cluster.edit(
        { type: Secret, name: "tars-identity", namespace: "tars-system" },
        (secret) => ({
          ...secret,
          data: { "identity.json": Buffer.from(JSON.stringify(other)).toString("base64") },
        }),
      );
      const { error } = yield* runUninstall();
      assert.strictEqual(error?._tag, "OtherWorkspace");
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("events of an uninstalled release", () => {
  it.effect("stay with their namespace until the management plane takes them", () =>
    Effect.gen(function* () {
      const before = yield* everything;
      yield* runInstall();
      yield* planeAway;
      const { exit, result } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      assert.strictEqual(result?._tag === "Uninstalled" ? result.remains.events : 0, 2);
      assert.deepStrictEqual(
        (yield* outboxEvents).map(({ operation, status }) => `${operation} ${status}`),
        ["install success", "uninstall success"],
      );
      assert.include(yield* warnings, "events-wait");
      assert.lengthOf(
        (yield* everything).filter((one) => one.includes("tars-system")),
        3,
      );
      yield* (yield* FakeManagementPlane).behave(() => ({ _tag: "Answer", status: 202 }));
      yield* runUninstall({ options: ALL });
      assert.deepStrictEqual(yield* everything, before);
      assert.deepStrictEqual(yield* rows, ["1 install success", "1 uninstall success"]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("tell of one that failed, and of the one that went on, in one row", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      const cure = yield* cluster.inject({
        ...{ actor: "helm", verb: "delete", kind: "Secret" },
        trouble: { _tag: "Fail", reason: "Forbidden", detail: "no", afterwards: false },
      });
      const { error } = yield* runUninstall();
      assert.deepInclude(error, { _tag: "UninstallFailed", exitCode: 21 });
      const [, failed] = yield* outboxEvents;
      assert.deepInclude(failed, { operation: "uninstall", status: "failed", helm_revision: 1 });
      yield* cure;
      yield* runUninstall();
      assert.deepStrictEqual(yield* rows, ["1 install success", "1 uninstall success"]);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("a finalizer that holds an object of ours", () => {
  const hold = Effect.flatMap(FakeCluster, (cluster) =>
    cluster.edit(TARS_EGRESS, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: ["example.com/stuck"] },
    })),
  );

  it.effect("is listed, and taken away once the controllers have gone", () =>
    Effect.gen(function* () {
      const before = yield* everything;
      yield* runInstall();
      yield* hold;
      const { exit } = yield* runUninstall({ options: ALL });
      assert.isTrue(Exit.isSuccess(exit), String(exit));
      const { events } = yield* Recorder;
      const found = (yield* events).find((event) => event._tag === "FinalizersFound");
      assert.deepStrictEqual(found?.held, [
        {
          object: { ...TARS_EGRESS, type: found?.held[0]?.object.type ?? EnvoyProxy },
          finalizers: ["example.com/stuck"],
        },
      ]);
      assert.deepStrictEqual(yield* everything, before);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("of somebody else's is left alone", () =>
    Effect.gen(function* () {
      yield* runInstall();
      const cluster = yield* FakeCluster;
      const held = {
        ...theirGateway,
        metadata: { ...theirGateway.metadata, finalizers: ["example.com/stuck"] },
      };
      yield* cluster.seed(Gateway, held, "kubectl");
      yield* cluster.remove({ type: Gateway, name: "theirs", namespace: "tars-dataplane" });
      yield* runUninstall({ options: { ...ALL, force: true } });
      assert.include(yield* everything, "Gateway tars-dataplane/theirs");
    }).pipe(Effect.provide(world(EMPTY))),
  );
});

describe("a run that is killed", () => {
  const WRITES = new Set(["apply", "create", "replace", "patch", "delete"]);

  /** No request of it, nor of its Helm, gets through from its nth write on. */
  const killedAt = Effect.fnUntraced(function* (nth: number) {
    const [cluster, files] = yield* Effect.all([FakeCluster, FakeJournalFiles]);
    let writes = 0;
    let journal: ReadonlyMap<string, string> | undefined;
    yield* cluster.oversee(({ actor, verb, dryRun }) => {
      if (actor !== "tare" && actor !== "helm") return undefined;
      if (WRITES.has(verb) && !dryRun) writes += 1;
      if (writes < nth) return undefined;
      journal ??= Effect.runSync(files.files);
      return { _tag: "Fail", reason: "Unreachable", detail: "killed", afterwards: false };
    });
    yield* runAs(processOn(200))(runUninstall({ options: ALL, limit: "12 hours" }));
    yield* cluster.oversee(() => undefined);
    if (journal !== undefined) yield* files.restore(journal);
    yield* (yield* FakeProcesses).end(200);
    return journal !== undefined;
  });

  it.effect(
    "before Helm had begun is undone by an installation, which does not take it for done",
    () =>
      Effect.gen(function* () {
        yield* runInstall();
        const cluster = yield* FakeCluster;
        const gateway = { type: Gateway, name: "egress", namespace: "tars-dataplane" };
        const files = yield* FakeJournalFiles;
        let journal: ReadonlyMap<string, string> | undefined;
        let isDead = false;
        yield* cluster.oversee(({ actor, verb, kind }) => {
          if (actor !== "tare" && actor !== "helm") return undefined;
          if (isDead) {
            journal ??= Effect.runSync(files.files);
            return { _tag: "Fail", reason: "Unreachable", detail: "killed", afterwards: false };
          }
          isDead = verb === "delete" && kind === Gateway.kind;
          return undefined;
        });
        yield* runAs(processOn(200))(runUninstall({ limit: "12 hours" }));
        yield* cluster.oversee(() => undefined);
        yield* files.restore(journal ?? new Map());
        yield* (yield* FakeProcesses).end(200);
        assert.isUndefined(yield* cluster.peek(gateway));
        const { result } = yield* runInstall();
        assert.deepInclude(result, { _tag: "Installed", revision: 2 });
        assert.isDefined(yield* cluster.peek(gateway));
        assert.deepStrictEqual(
          (yield* outboxEvents).map(({ operation, status }) => `${operation} ${status}`).sort(),
          ["install success", "install success", "uninstall failed"],
        );
      }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect(
    "at any of its writes is finished by the next one, and its row is told",
    () =>
      Effect.gen(function* () {
        let nth = 0;
        let isKilled = true;
        while (isKilled) {
          nth += 1;
          const at = `at write ${nth}`;
          isKilled = yield* Effect.gen(function* () {
            const before = yield* everything;
            yield* runInstall();
            const killed = yield* killedAt(nth);
            const { exit } = yield* runUninstall({ options: ALL });
            assert.isTrue(Exit.isSuccess(exit), `${at}: ${String(exit)}`);
            assert.deepStrictEqual(yield* everything, before, at);
            assert.deepStrictEqual(yield* rows, ["1 install success", "1 uninstall success"], at);
            return killed;
          }).pipe(Effect.provide(world(EMPTY)));
        }
        assert.isAbove(nth, 20);
      }),
    120_000,
  );
});

it.effect("a release that a Helm is at work on is left to it, with the command to run again", () =>
  Effect.gen(function* () {
    const words = ["/usr/bin/helm", "upgrade", "tars", "/chart", "--namespace", "tars-system"];
    yield* (yield* FakeProcesses).start({ pid: 4712, words, cluster: SERVER });
    const before = yield* everything;
    const { error } = yield* runUninstall();
    assert.strictEqual(error?._tag, "HelmAtWork");
    assert.strictEqual(error?.exitCode, 13);
    assert.notInclude(JSON.stringify(error?.hints), "--recover");
    assert.includeMembers(yield* everything, before);
  }).pipe(
    Effect.provide(world({ revisions: [{ status: "deployed" }, { status: "pending-upgrade" }] })),
  ),
);
