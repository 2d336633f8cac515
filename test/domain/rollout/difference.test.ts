import { assert, describe, it } from "@effect/vitest";
import {
  type Difference,
  differences,
  isAsBefore,
  partOf,
} from "../../../src/domain/rollout/difference.ts";

const image = (asked: string, found: string): Difference => ({
  path: "template.spec.containers.envoy.image",
  asked,
  found,
});

describe("what somebody made of a request before", () => {
  it.each([
    ["the very same", image("a:1", "mirror/a:1"), image("a:1", "mirror/a:1"), true],
    ["the same prefix", image("a:1", "mirror/a:1"), image("a:2", "mirror/a:2"), true],
    ["another registry", image("gcr.io/a:1", "corp/a:1"), image("gcr.io/a:2", "corp/a:2"), true],
    ["what runs is old", image("a:1", "mirror/a:1"), image("a:2", "mirror/a:1"), false],
    ["what runs is newer", image("a:1", "mirror/a:1"), image("a:1", "mirror/a:2"), false],
    ["nobody rewrites it now", image("a:1", "mirror/a:1"), image("a:2", "a:1"), false],
    ["nothing in common", image("a:1", "b:2"), image("a:3", "b:4"), false],
    ["another field", image("1", "x1"), { ...image("2", "x2"), path: "replicas" }, false],
  ] as const)("%s", (_, before, now, same) => {
    assert.strictEqual(isAsBefore([before], now), same);
  });

  it("is only compared as a whole where it is no text", () => {
    const before = { path: "resources", asked: { cpu: "1" }, found: { cpu: "2" } };
    assert.isTrue(isAsBefore([before], { ...before }));
    assert.isFalse(isAsBefore([before], { ...before, asked: { cpu: "3" } }));
  });
});

describe("the part of the server's answer that was asked for", () => {
  const asked = {
    template: {
      spec: { containers: [{ name: "envoy", image: "a:1" }], tolerations: [{ key: "on-demand" }] },
    },
  };
  const made = {
    replicas: 2,
    template: {
      spec: {
        containers: [
          { name: "sidecar", image: "s:1" },
          { name: "envoy", image: "mirror/a:1", imagePullPolicy: "Always" },
        ],
        tolerations: [{ key: "spot", operator: "Exists" }],
      },
    },
  };

  it("has what was asked for as it would be, and nothing else", () => {
    assert.deepStrictEqual(partOf(made, asked), {
      template: {
        spec: {
          containers: [{ name: "envoy", image: "mirror/a:1" }],
          tolerations: [{ key: "spot", operator: "Exists" }],
        },
      },
    });
  });

  it("differs from nothing that is as the server would have it", () => {
    assert.deepStrictEqual(differences(made, partOf(made, asked)), []);
    assert.deepStrictEqual(
      differences(made, asked).map(({ path }) => path),
      ["template.spec.containers.envoy.image", "template.spec.tolerations.0.key"],
    );
  });
});
