import { assert, describe, it } from "@effect/vitest";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import { deviation } from "../../../src/domain/rollout/deviation.ts";

const object = (kind: string, rest: object): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "one" },
  ...rest,
});

const workload = (image: string, args: ReadonlyArray<string>, replicas = 2) =>
  object("Deployment", {
    spec: { replicas, template: { spec: { containers: [{ name: "main", image, args }] } } },
  });

describe("a live object", () => {
  it("is as the revision has it, whatever the server and its controllers added", () => {
    const wanted = workload("app:1", ["--quiet"]);
    const live = { ...workload("app:1", ["--quiet"], 7), status: { replicas: 7 } };
    assert.isUndefined(deviation(wanted, live));
    assert.isUndefined(
      deviation(
        object("ConfigMap", { data: { a: "1" } }),
        object("ConfigMap", { data: { a: "1", of: "somebody" } }),
      ),
    );
  });

  it("is not, where an upgrade that went on writing has left its own", () => {
    assert.deepStrictEqual(
      deviation(
        object("ConfigMap", { data: { settings: "old" } }),
        object("ConfigMap", { data: { settings: "new" } }),
      ),
      { _tag: "OtherField", field: "data.settings" },
    );
    assert.deepStrictEqual(
      deviation(
        object("Gateway", { spec: { gatewayClassName: "old" } }),
        object("Gateway", { spec: { gatewayClassName: "new" } }),
      ),
      { _tag: "OtherField", field: "spec.gatewayClassName" },
    );
    assert.deepStrictEqual(
      deviation(workload("app:1", ["--quiet"]), workload("app:1", ["--loud"])),
      { _tag: "OtherField", field: "spec.template.spec.containers.main.args.0" },
    );
    assert.deepStrictEqual(deviation(workload("app:1", []), workload("app:2", [])), {
      _tag: "OtherImage",
      container: "main",
      found: "app:2",
      wanted: "app:1",
    });
    assert.deepStrictEqual(deviation(workload("app:1", []), undefined), { _tag: "Missing" });
  });

  it("is what the server makes of it", () => {
    const [wanted, made] = [workload("app:1", ["a"]), workload("mirror/app:1", ["a", "b"])];
    assert.isUndefined(deviation(wanted, made, made));
    assert.isDefined(deviation(wanted, made));
    assert.isDefined(deviation(wanted, wanted, made));
  });
});
