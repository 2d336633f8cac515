/** What an uninstallation relies on: of Helm, and of how the API server deletes. */
import { assert } from "@effect/vitest";
import { Duration, Effect, Option } from "effect";
import {
  ConfigMap,
  Deployment,
  type KubeObject,
  Namespace,
} from "../../../src/domain/kube/objects.ts";
import { isHelms } from "../../../src/domain/release/unrecorded.ts";
import { Helm, type HelmExit } from "../../../src/services/helm/Helm.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { historyLines, upgrade } from "../helm-steps.ts";
import {
  type ContractCase,
  type ContractChart,
  eventually,
  inCluster,
  Stage,
  withHelm,
} from "../stage.ts";

const CHART: ContractChart = {
  version: "1.0.0",
  workloads: [{ name: "app", tag: "v1" }],
  configMaps: { notes: { a: "1" }, lasting: { a: "1" } },
  kept: ["lasting"],
};

const HELD = ["contract.test/hold"];

/** As `tare uninstall` runs it. */
const uninstall = Effect.gen(function* () {
  const [stage, helm] = [yield* Stage, yield* Helm];
  const { release } = stage;
  return yield* helm.uninstall({ release, timeout: Duration.minutes(1), wait: false });
});

const succeeded = ({ code, errorText }: HelmExit) => assert.strictEqual(code, 0, errorText);

const install = Effect.gen(function* () {
  succeeded(yield* upgrade({ chart: CHART }));
});

const configMap = Effect.fnUntraced(function* (name: string) {
  const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
  return yield* kubectl.get({ type: ConfigMap, name, namespace });
});

const withoutRecords = Effect.gen(function* () {
  assert.deepStrictEqual(yield* historyLines, []);
});

const ofHelm: ReadonlyArray<ContractCase> = [
  withHelm(
    "what Helm makes is marked with its release",
    Effect.gen(function* () {
      yield* install;
      const [{ namespace, release }, kubectl] = [yield* Stage, yield* Kubectl];
      const labelSelector = "app.kubernetes.io/managed-by=Helm";
      for (const type of [ConfigMap, Deployment]) {
        const found = yield* kubectl.list({ type, namespace, labelSelector, metadataOnly: true });
        assert.isNotEmpty(found);
        assert.isTrue(found.every((object) => isHelms(object, release)));
      }
    }),
  ),
  withHelm(
    "a release that is uninstalled without a wait has no record any more, and what is to be kept stays",
    Effect.gen(function* () {
      yield* install;
      succeeded(yield* uninstall);
      yield* withoutRecords;
      assert.isTrue(Option.isNone(yield* configMap("notes")));
      const kept = Option.getOrUndefined(yield* configMap("lasting"));
      const { release } = yield* Stage;
      assert.isTrue(kept !== undefined && isHelms(kept, release));
    }),
  ),
  withHelm(
    "objects that have gone already are no error of an uninstallation",
    Effect.gen(function* () {
      yield* install;
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      yield* kubectl.delete({ type: ConfigMap, name: "notes", namespace });
      yield* kubectl.delete({ type: Deployment, name: "app", namespace });
      succeeded(yield* uninstall);
      yield* withoutRecords;
    }),
  ),
  withHelm(
    "an object that a finalizer holds does not hold an uninstallation up that does not wait",
    Effect.gen(function* () {
      yield* install;
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      const ref = { type: ConfigMap, name: "notes", namespace };
      yield* kubectl.patch(ref, { metadata: { finalizers: HELD } }, { fieldManager: "test" });
      succeeded(yield* uninstall);
      yield* withoutRecords;
      const held = Option.getOrUndefined(yield* configMap("notes"));
      assert.isString(held?.metadata.deletionTimestamp);
    }),
  ),
  withHelm(
    "a history that was kept goes with the next uninstallation",
    Effect.gen(function* () {
      yield* install;
      yield* (yield* Stage).uninstall(true);
      succeeded(yield* uninstall);
      yield* withoutRecords;
    }),
  ),
];

const namespaceOf = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
});

const ofDeletion: ReadonlyArray<ContractCase> = [
  inCluster(
    "a merge patch without finalizers ends a deletion, and only that of the object it was read of",
    Effect.gen(function* () {
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      const ref = { type: ConfigMap, name: "held", namespace };
      const made = yield* kubectl.create(ConfigMap, {
        ...{ apiVersion: "v1", kind: "ConfigMap" },
        metadata: { name: "held", namespace, finalizers: HELD },
      });
      yield* kubectl.delete(ref);
      const free = (resourceVersion: string) =>
        kubectl.patch(
          ref,
          { metadata: { resourceVersion, finalizers: null } },
          { fieldManager: "tare" },
        );
      const stale = yield* Effect.flip(free(made.metadata.resourceVersion ?? ""));
      assert.strictEqual(stale.reason, "Conflict");
      const live = Option.getOrUndefined(yield* kubectl.get(ref));
      yield* free(live?.metadata.resourceVersion ?? "");
      assert.isTrue(Option.isNone(yield* kubectl.get(ref)));
    }),
  ),
  inCluster(
    "a namespace goes with what is in it, and takes in nothing more; a finalizer in it holds it",
    Effect.gen(function* () {
      const [{ unique }, kubectl] = [yield* Stage, yield* Kubectl];
      const name = `contract-going-${unique}`;
      const ref = { type: Namespace, name };
      yield* kubectl.create(Namespace, namespaceOf(name));
      const inside = (of: string, finalizers: ReadonlyArray<string> = []): KubeObject => ({
        ...{ apiVersion: "v1", kind: "ConfigMap" },
        metadata: { name: of, namespace: name, finalizers },
      });
      yield* kubectl.create(ConfigMap, inside("free"));
      yield* kubectl.create(ConfigMap, inside("held", HELD));
      yield* kubectl.delete(ref);
      const look = (of: string) => kubectl.get({ type: ConfigMap, name: of, namespace: name });
      const free = yield* eventually(look("free"), Option.isNone);
      assert.isTrue(Option.isNone(free));
      const held = yield* eventually(look("held"), (seen) =>
        Option.exists(seen, ({ metadata }) => metadata.deletionTimestamp !== undefined),
      );
      assert.isTrue(Option.isSome(held));
      const going = Option.getOrUndefined(yield* kubectl.get(ref));
      assert.isString(going?.metadata.deletionTimestamp);
      const refused = yield* Effect.flip(kubectl.create(ConfigMap, inside("late")));
      assert.include(refused.detail, "because it is being terminated");
      yield* kubectl.patch(
        { type: ConfigMap, name: "held", namespace: name },
        { metadata: { finalizers: null } },
        { fieldManager: "tare" },
      );
      assert.isTrue(Option.isNone(yield* eventually(kubectl.get(ref), Option.isNone)));
    }),
  ),
];

export const uninstallCases: ReadonlyArray<ContractCase> = [...ofHelm, ...ofDeletion];
