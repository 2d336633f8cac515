import { assert, it } from "@effect/vitest";
import { atFloors, scaleFloors } from "../../../src/domain/fields/kept-scale.ts";
import { fieldAt, type KubeObject } from "../../../src/domain/kube/objects.ts";

const deployment = (name: string, replicas: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "tars-system" },
  spec: { replicas, paused: false },
});

it("a manifest that is brought back has the replicas that ran, where those were more", () => {
  const manifest = [deployment("more", 2), deployment("fewer", 2), deployment("gone", 2)];
  const floors = scaleFloors([deployment("more", 5), deployment("fewer", 1)], manifest);
  const raised = manifest.map((object) => atFloors(object, floors));
  assert.deepStrictEqual(
    raised.map((object) => fieldAt(object, "spec")),
    [
      { replicas: 5, paused: false },
      { replicas: 2, paused: false },
      { replicas: 2, paused: false },
    ],
  );
});
