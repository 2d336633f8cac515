import { assert, describe, it } from "@effect/vitest";
import { accessTo, missingRights } from "../../../src/domain/access/access.ts";
import { CustomResourceDefinition, Secret } from "../../../src/domain/kube/objects.ts";
import { describePermission, rulesByRole } from "../../../src/words/access/permissions.ts";

describe("missing rights", () => {
  const missing = missingRights([
    ...accessTo(Secret, ["patch", "get"], "n"),
    ...accessTo(CustomResourceDefinition, ["patch"], "n", "x.example"),
  ]);

  it("are one line a resource, with the verbs in their usual order", () => {
    assert.deepStrictEqual(missing.map(describePermission), [
      "get, patch secrets in namespace n",
      "patch customresourcedefinitions.apiextensions.k8s.io (x.example) in the whole cluster",
    ]);
  });

  it("come with the rules that give them, by role", () => {
    assert.deepStrictEqual(rulesByRole(missing), [
      {
        role: "a Role in namespace n",
        rules: ['- {apiGroups: [""], resources: [secrets], verbs: [get, patch]}'],
      },
      {
        role: "a ClusterRole",
        rules: [
          "- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch]}",
        ],
      },
    ]);
  });
});
