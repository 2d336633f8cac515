import { assert, describe, it } from "@effect/vitest";
import { accessQuestions, accessTo, missingRights } from "../../../src/domain/access/access.ts";
import { helmAccess } from "../../../src/domain/access/helm-access.ts";
import {
  CustomResourceDefinition,
  Deployment,
  type KubeObject,
  Secret,
} from "../../../src/domain/kube/objects.ts";

const deployment = (name: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "n", annotations },
});

const typeOf = ({ kind }: KubeObject) => (kind === "Deployment" ? Deployment : undefined);

const CHANGE = {
  release: { name: "r", namespace: "n" },
  previous: [
    deployment("a"),
    deployment("gone"),
    deployment("kept", { "helm.sh/resource-policy": "keep" }),
  ],
  next: [deployment("a"), deployment("new")],
  hooks: [],
  atomic: true,
  storage: "secrets",
} as const;

const words = (change: Parameters<typeof helmAccess>[0]): ReadonlyArray<string> =>
  helmAccess(change, typeOf)
    .filter(({ resource }) => resource === "deployments")
    .map(({ verb, name = "*" }) => `${verb} ${name}`);

describe("what Helm needs", () => {
  it("depends on what becomes of each object, and on whether it may have to be taken back", () => {
    assert.deepStrictEqual(words(CHANGE), [
      "get a",
      "patch a",
      "get new",
      "create *",
      "delete new",
      "get gone",
      "delete gone",
    ]);
    assert.deepStrictEqual(words({ ...CHANGE, atomic: false }), [
      "get a",
      "patch a",
      "get new",
      "create *",
      "get gone",
      "delete gone",
    ]);
  });

  it("includes its own records, wherever it keeps them", () => {
    const records = (storage: "secrets" | "configmaps" | "elsewhere") =>
      helmAccess({ ...CHANGE, storage, next: [], previous: [] }, typeOf).map(
        ({ verb, resource }) => `${verb} ${resource}`,
      );
    assert.include(records("secrets"), "update secrets");
    assert.include(records("configmaps"), "update configmaps");
    assert.deepStrictEqual(records("elsewhere"), []);
  });
});

describe("questions", () => {
  it("are about all objects first, and about single ones only where names are known", () => {
    const needed = [
      ...accessTo(Secret, ["get", "create"], "n", "one"),
      ...accessTo(Secret, ["get"], "n", "two"),
      ...accessTo(Secret, ["get"], "n", "two"),
    ];
    const questions = accessQuestions(needed);
    assert.deepStrictEqual(
      questions.map(({ general, named }) => [general.verb, named.map(({ name }) => name)]),
      [
        ["get", ["one", "two"]],
        ["create", []],
      ],
    );
  });

  it("about everything of a kind are not answered by rights to single objects", () => {
    const needed = [...accessTo(Secret, ["get"], "n", "one"), ...accessTo(Secret, ["get"], "n")];
    assert.deepStrictEqual(
      accessQuestions(needed).map(({ named }) => named),
      [[]],
    );
  });
});

describe("missing rights", () => {
  it("are told once a resource, with the verbs in their usual order, those of the whole cluster last", () => {
    const missing = missingRights([
      ...accessTo(CustomResourceDefinition, ["get", "patch"]),
      ...accessTo(Secret, ["patch", "get"], "n"),
      ...accessTo(Secret, ["patch", "get"], "m"),
      ...accessTo(CustomResourceDefinition, ["patch"], "n", "x.example"),
    ]);
    assert.deepStrictEqual(
      missing.map(({ verbs, resource, namespace, names }) => [verbs, resource, namespace, names]),
      [
        [["get", "patch"], "customresourcedefinitions", undefined, []],
        [["get", "patch"], "secrets", "m", []],
        [["get", "patch"], "secrets", "n", []],
      ],
    );
  });
});
