/** What the server says to a level of Pod Security before it is set. */
import { assert } from "@effect/vitest";
import { Effect } from "effect";
import { podsThatWouldBreak, withLevel } from "../../../src/domain/install/namespaces.ts";
import { type KubeObject, Namespace, Pod, stringAt } from "../../../src/domain/kube/objects.ts";
import { Kubectl } from "../../../src/services/kube/Kubectl.ts";
import { type ContractCase, eventually, inCluster, Stage } from "../stage.ts";

const pod = (namespace: string, name: string, spec: object): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: { containers: [{ name: "main", image: "example.com/main:1" }], ...spec },
});

export const podSecurity: ReadonlyArray<ContractCase> = [
  inCluster(
    "a rehearsed level names the pods that it would not let in, and why, and is not set",
    Effect.gen(function* () {
      const [{ namespace }, kubectl] = [yield* Stage, yield* Kubectl];
      const asked = kubectl.warningsOf(Namespace, withLevel(namespace), {
        ...{ fieldManager: "tare", force: false },
      });
      assert.deepStrictEqual(yield* asked, []);
      yield* kubectl.create(Pod, pod(namespace, "fine", {}));
      yield* kubectl.create(Pod, pod(namespace, "on-the-host", { hostNetwork: true }));
      const warnings = yield* eventually(asked, (found) => found.length > 0);
      assert.deepStrictEqual(podsThatWouldBreak(warnings), ["on-the-host: host namespaces"]);
      const [live] = (yield* kubectl.list({ type: Namespace })).filter(
        ({ metadata }) => metadata.name === namespace,
      );
      const level = ["metadata", "labels", "pod-security.kubernetes.io/enforce"];
      assert.isUndefined(stringAt(live, ...level));
    }),
  ),
];
