/** What Helm tells of a release: history, values, manifests, and what it does to objects that others changed. */
import { assert } from "@effect/vitest";
import { Effect, Option, Redacted } from "effect";
import {
  ConfigMap,
  Deployment,
  fieldAt,
  type KubeObject,
  numberAt,
  type ResourceType,
  stringAt,
} from "../../../src/domain/kube/objects.ts";
import { Helm } from "../../../src/services/helm/Helm.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { failing, historyLines, rollback, upgrade } from "../helm-steps.ts";
import { type ContractCase, type ContractChart, Stage, withHelm } from "../stage.ts";

const V1: ContractChart = { version: "1.0.0" };
const V2: ContractChart = { version: "2.0.0" };
const withApp = (version: string, tag: "v1" | "v2"): ContractChart => ({
  version,
  workloads: [{ name: "app", tag }],
});
const STUCK: ContractChart = { version: "2.0.0", workloads: [{ name: "app", tag: "never-ready" }] };

const live = Effect.fnUntraced(function* (type: ResourceType, name: string) {
  const [stage, kubectl] = [yield* Stage, yield* Kubectl];
  return yield* kubectl.get({ type, name, namespace: stage.namespace });
});

/** The values a chart was last rendered with, as JSON text. */
const settings = Effect.map(live(ConfigMap, "settings"), (found) =>
  stringAt(Option.getOrUndefined(found), "data", "values"),
);

const userValues = Effect.fnUntraced(function* (revision: number) {
  const [stage, helm] = [yield* Stage, yield* Helm];
  return Redacted.value(yield* helm.userValues(stage.release, revision));
});

const values: ReadonlyArray<ContractCase> = [
  withHelm(
    "user values are kept for each revision as they were given",
    Effect.gen(function* () {
      const first = { text: "1", number: 1, yes: true, list: [1, "a"], deep: { a: { b: "c" } } };
      yield* upgrade({ chart: V1, values: first });
      yield* upgrade({ chart: V2, values: { text: "2" } });
      assert.deepStrictEqual(yield* userValues(1), first);
      assert.deepStrictEqual(yield* userValues(2), { text: "2" });
    }),
  ),
  withHelm(
    "no values are told as none, and take the old ones away",
    Effect.gen(function* () {
      yield* upgrade({ chart: V1, values: { text: "1" } });
      yield* upgrade({ chart: V2 });
      assert.deepStrictEqual(yield* userValues(2), {});
      assert.strictEqual(yield* settings, "{}");
    }),
  ),
  withHelm(
    "values are laid over the chart's defaults, and null takes a default away",
    Effect.gen(function* () {
      const defaults = { a: { b: 1, c: 2 }, d: "e", list: [1, 2] };
      const chart = { ...V1, defaults };
      yield* upgrade({ chart, values: { a: { c: 3 }, d: null, list: [9] } });
      assert.strictEqual(yield* settings, '{"a":{"b":1,"c":3},"list":[9]}');
    }),
  ),
  withHelm(
    "a rollback brings the values of its target back as its own",
    Effect.gen(function* () {
      yield* upgrade({ chart: V1, values: { text: "1" } });
      yield* upgrade({ chart: V2, values: { text: "2" } });
      yield* rollback(1);
      assert.deepStrictEqual(yield* userValues(3), { text: "1" });
      assert.strictEqual(yield* settings, '{"text":"1"}');
    }),
  ),
  withHelm(
    "a chart's notes are kept for each revision; a rollback has those of its target",
    Effect.gen(function* () {
      const [stage, helm] = [yield* Stage, yield* Helm];
      const notes = (revision: number) =>
        Effect.map(helm.notes(stage.release, revision), (text) => text.trim());
      yield* upgrade({ chart: { ...V1, notes: "first\nline" } });
      yield* upgrade({ chart: V2 });
      yield* rollback(1);
      assert.strictEqual(yield* notes(1), "first\nline");
      assert.strictEqual(yield* notes(2), "");
      assert.strictEqual(yield* notes(3), "first\nline");
    }),
  ),
  withHelm(
    "the values of a revision that is not there are not found",
    Effect.gen(function* () {
      yield* upgrade({ chart: V1 });
      const error = yield* Effect.flip(userValues(7));
      assert.strictEqual("kind" in error ? error.kind : "", "not-found");
    }),
  ),
];

const histories: ReadonlyArray<ContractCase> = [
  withHelm(
    "there is no history of a release that is not there",
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* historyLines, []);
    }),
  ),
  withHelm(
    "the history says which chart each revision had; a rollback has that of its target",
    Effect.gen(function* () {
      const [stage, helm] = [yield* Stage, yield* Helm];
      yield* upgrade({ chart: V1 });
      yield* upgrade({ chart: V2 });
      yield* rollback(1);
      const charts = (yield* helm.history(stage.release)).map(({ chart }) => chart);
      assert.deepStrictEqual(charts, ["app-1.0.0", "app-2.0.0", "app-1.0.0"]);
    }),
  ),
  withHelm(
    "a rollback of a rollback names the revision it was asked for",
    Effect.gen(function* () {
      yield* upgrade({ chart: V1 });
      yield* upgrade({ chart: V2 });
      yield* rollback(1);
      yield* rollback(2);
      yield* rollback(3);
      assert.deepStrictEqual(yield* historyLines, [
        "1 superseded Install complete",
        "2 superseded Upgrade complete",
        "3 superseded Rollback to 1",
        "4 superseded Rollback to 2",
        "5 deployed Rollback to 3",
      ]);
    }),
  ),
  withHelm(
    "only the ten newest revisions are kept, and they come in the order of their numbers",
    Effect.gen(function* () {
      for (let count = 0; count < 11; count++) yield* upgrade({ chart: V1 });
      const numbers = (yield* historyLines).map((line) => Number(line.split(" ")[0]));
      assert.deepStrictEqual(numbers, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }),
  ),
  withHelm(
    "a release uninstalled with ten revisions kept cannot be installed again",
    Effect.gen(function* () {
      const stage = yield* Stage;
      for (let count = 0; count < 10; count++) yield* upgrade({ chart: V1 });
      yield* stage.uninstall(true);
      const { code, errorText } = yield* upgrade({ chart: V2 });
      assert.strictEqual(code, 1);
      assert.strictEqual(errorText, 'UPGRADE FAILED: "app" has no deployed releases');
    }),
  ),
  withHelm(
    "a rollback to a revision that is not there says so, and writes nothing",
    Effect.gen(function* () {
      yield* upgrade({ chart: V1 });
      const { code, errorText } = yield* rollback(9);
      assert.strictEqual(code, 1);
      assert.strictEqual(errorText, "release has no 9 version");
      assert.deepStrictEqual(yield* historyLines, ["1 deployed Install complete"]);
    }),
  ),
  withHelm(
    "a rollback of a release that is not there says so",
    Effect.gen(function* () {
      const { code, errorText } = yield* rollback(1);
      assert.strictEqual(code, 1);
      assert.strictEqual(errorText, "release: not found");
    }),
  ),
  withHelm(
    "the list of all releases has this one, with its newest status and chart",
    Effect.gen(function* () {
      const [stage, helm] = [yield* Stage, yield* Helm];
      yield* upgrade({ chart: withApp("1.0.0", "v1") });
      yield* failing({ chart: STUCK });
      const mine = (yield* helm.releases).filter(({ namespace }) => namespace === stage.namespace);
      assert.deepStrictEqual(
        mine.map(({ name, status, chart }) => ({ name, status, chart })),
        [{ name: "app", status: "failed", chart: "app-2.0.0" }],
      );
    }),
  ),
  withHelm(
    "the manifest of a revision is what its chart made then",
    Effect.gen(function* () {
      const [stage, helm] = [yield* Stage, yield* Helm];
      yield* upgrade({ chart: withApp("1.0.0", "v1") });
      yield* upgrade({ chart: withApp("2.0.0", "v2") });
      const image = (objects: ReadonlyArray<KubeObject>) =>
        stringAt(
          objects.find(({ kind }) => kind === "Deployment"),
          "spec",
          "template",
          "spec",
          "containers",
          0,
          "image",
        );
      assert.strictEqual(image(yield* helm.manifest(stage.release, 1)), "app.example/app:v1");
      assert.strictEqual(image(yield* helm.manifest(stage.release, 2)), "app.example/app:v2");
    }),
  ),
];

const objects: ReadonlyArray<ContractCase> = [
  withHelm(
    "what a chart makes is marked as the release's",
    Effect.gen(function* () {
      const stage = yield* Stage;
      yield* upgrade({ chart: V1 });
      const made = Option.getOrThrow(yield* live(ConfigMap, "settings"));
      assert.strictEqual(made.metadata.labels?.["app.kubernetes.io/managed-by"], "Helm");
      assert.deepStrictEqual(made.metadata.annotations, {
        "meta.helm.sh/release-name": "app",
        "meta.helm.sh/release-namespace": stage.namespace,
      });
    }),
  ),
  withHelm(
    "what a new chart drops is deleted, unless it is to be kept",
    Effect.gen(function* () {
      const configMaps = { extra: { a: "1" }, precious: { a: "1" } };
      yield* upgrade({ chart: { ...V1, configMaps, kept: ["precious"] } });
      yield* upgrade({ chart: V2 });
      assert.isTrue(Option.isNone(yield* live(ConfigMap, "extra")));
      assert.isTrue(Option.isSome(yield* live(ConfigMap, "precious")));
    }),
  ),
  withHelm(
    "a field that nobody's chart has stays when the chart changes others",
    Effect.gen(function* () {
      const kubectl = yield* Kubectl;
      yield* upgrade({ chart: { ...V1, configMaps: { notes: { a: "1", b: "1" } } } });
      const found = Option.getOrThrow(yield* live(ConfigMap, "notes"));
      yield* kubectl.replace(ConfigMap, { ...found, data: { a: "1", b: "1", mine: "1" } });
      const { code } = yield* upgrade({ chart: { ...V2, configMaps: { notes: { a: "2" } } } });
      assert.strictEqual(code, 0);
      const after = Option.getOrThrow(yield* live(ConfigMap, "notes"));
      assert.deepStrictEqual(after.data, { a: "2", mine: "1" });
    }),
  ),
  withHelm(
    "a field changed by hand is put back by Helm 3, and is a conflict for Helm 4",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* upgrade({ chart: withApp("1.0.0", "v1") });
      const scaled = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "app", namespace: stage.namespace },
        spec: { replicas: 3 },
      };
      yield* kubectl.apply(Deployment, scaled, { fieldManager: "somebody", force: true });
      const { code, errorText } = yield* upgrade({ chart: withApp("2.0.0", "v2") });
      const after = Option.getOrUndefined(yield* live(Deployment, "app"));
      if (stage.helmMajor === 3) {
        assert.strictEqual(code, 0, errorText);
        assert.strictEqual(numberAt(after, "spec", "replicas"), 1);
      } else {
        assert.strictEqual(code, 1);
        assert.match(
          errorText,
          /^UPGRADE FAILED: conflict occurred while applying object [^ ]+\/app apps\/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with "somebody": \.spec\.replicas$/,
        );
        assert.strictEqual(numberAt(after, "spec", "replicas"), 3);
      }
    }),
  ),
  withHelm(
    "an object deleted by hand is made again",
    Effect.gen(function* () {
      const [stage, kubectl] = [yield* Stage, yield* Kubectl];
      yield* upgrade({ chart: { ...V1, configMaps: { notes: { a: "1" } } } });
      yield* kubectl.delete({ type: ConfigMap, name: "notes", namespace: stage.namespace });
      yield* upgrade({ chart: { ...V2, configMaps: { notes: { a: "1" } } } });
      const after = Option.getOrUndefined(yield* live(ConfigMap, "notes"));
      assert.deepStrictEqual(fieldAt(after, "data"), { a: "1" });
    }),
  ),
];

export const helmReads: ReadonlyArray<ContractCase> = [...values, ...histories, ...objects];
