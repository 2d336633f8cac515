import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import {
  renderArguments,
  rollbackArguments,
  upgradeArguments,
} from "../../../src/domain/helm/arguments.ts";
import {
  type HelmVersion,
  isSupportedHelm,
  parseHelmVersion,
} from "../../../src/domain/helm/version.ts";

const version = (text: string): HelmVersion =>
  parseHelmVersion(text) ?? assert.fail(`${text} was not read`);
const HELM_3 = version("v3.21.4");
const HELM_4 = version("v4.2.4");

describe("Helm's version", () => {
  it.each([
    ["v3.21.4", [3, 21, 4]],
    ["v4.1.4", [4, 1, 4]],
    ["v4.1.4\n", [4, 1, 4]],
    ["3.0.0", [3, 0, 0]],
    ["v3.17.3+ge4da497", [3, 17, 3]],
    ["v4.0.0-rc.1", [4, 0, 0]],
    ["v10.20.30", [10, 20, 30]],
  ])("is read from %j", (text, numbers) => {
    const { major, minor, patch, text: kept } = version(text);
    assert.deepStrictEqual([major, minor, patch], numbers);
    assert.strictEqual(kept, text.trim());
  });

  it.each(["", "v3", "v3.1", "helm v3.1.2", "version.BuildInfo{}", "Error: unknown command"])(
    "is not read from %j",
    (text) => {
      assert.isUndefined(parseHelmVersion(text));
    },
  );

  it.each([
    ["v2.17.0", false],
    ["v3.0.0", true],
    ["v3.21.4", true],
    ["v4.0.0", true],
    ["v4.2.4", true],
    ["v5.0.0", false],
  ])("%s is supported: %s", (text, supported) => {
    assert.strictEqual(isSupportedHelm(version(text)), supported);
  });
});

const REQUEST = {
  release: { name: "tars", namespace: "tars-system" },
  chart: "/opt/tare/chart",
  valuesFile: "/private/values.json",
  timeout: Duration.minutes(10),
  atomic: true,
};
const COMMON = [
  "upgrade",
  "tars",
  "/opt/tare/chart",
  "--install",
  "--namespace",
  "tars-system",
  "--values",
  "/private/values.json",
  "--reset-values",
  "--skip-crds",
  "--timeout",
  "10m",
];

describe("helm upgrade", () => {
  it.each([
    ["3", HELM_3, true, ["--wait", "--atomic"]],
    ["4", HELM_4, true, ["--wait=legacy", "--rollback-on-failure"]],
    ["3 that is not atomic", HELM_3, false, ["--wait"]],
    ["4 that is not atomic", HELM_4, false, ["--wait=legacy"]],
  ] as const)("of Helm %s", (_, helm, atomic, rest) => {
    assert.deepStrictEqual(upgradeArguments(helm, { ...REQUEST, atomic }), [...COMMON, ...rest]);
  });

  it.each([
    ["4, which the server stops", HELM_4, ["--server-side=true", "--force-conflicts"]],
    ["3, which takes all there is", HELM_3, []],
  ] as const)("takes over what others own with Helm %s", (_, helm, flags) => {
    const added = (plain: ReadonlyArray<string>, taking: ReadonlyArray<string>) =>
      taking.filter((word) => !plain.includes(word));
    const rollback = { ...REQUEST, revision: 1 };
    assert.deepStrictEqual(
      added(
        upgradeArguments(helm, REQUEST),
        upgradeArguments(helm, { ...REQUEST, takeOver: true }),
      ),
      [...flags],
    );
    assert.deepStrictEqual(
      added(
        rollbackArguments(helm, rollback),
        rollbackArguments(helm, { ...rollback, takeOver: true }),
      ),
      [...flags],
    );
  });

  it.each([
    [Duration.seconds(90), "1m30s"],
    [Duration.minutes(90), "1h30m"],
    [Duration.millis(1500), "1.5s"],
  ])("is given its timeout with a unit", (timeout, text) => {
    const args = upgradeArguments(HELM_3, { ...REQUEST, timeout });
    assert.strictEqual(args[args.indexOf("--timeout") + 1], text);
  });
});

describe("helm rollback", () => {
  const request = { release: REQUEST.release, revision: 12, timeout: Duration.seconds(150) };

  it.each([
    ["3", HELM_3, "--wait"],
    ["4", HELM_4, "--wait=legacy"],
  ] as const)("of Helm %s names the revision and waits", (_, helm, wait) => {
    assert.deepStrictEqual(rollbackArguments(helm, request), [
      "rollback",
      "tars",
      "12",
      "--namespace",
      "tars-system",
      "--timeout",
      "2m30s",
      wait,
    ]);
  });
});

it.each([
  ["3", HELM_3],
  ["4", HELM_4],
] as const)("Helm %s is never given a value on its command line", (_, helm) => {
  const all = [
    ...upgradeArguments(helm, REQUEST),
    ...rollbackArguments(helm, { ...REQUEST, revision: 1 }),
  ];
  assert.isFalse(all.some((word) => word.startsWith("--set")));
  assert.isFalse(all.includes("--reuse-values"));
});

it("Helm 4's flags with optional values have them attached, or they would become arguments", () => {
  assert.notInclude(upgradeArguments(HELM_4, REQUEST), "legacy");
});

describe("a template", () => {
  const request = { ...REQUEST, answers: "none" } as const;

  it("is rendered for the version of the server, where that is known", () => {
    const args = renderArguments(HELM_4, { ...request, kubeVersion: "v1.33.4+k3s1" });
    assert.deepStrictEqual(args.slice(-2), ["--kube-version", "v1.33.4+k3s1"]);
    assert.notInclude(renderArguments(HELM_4, request), "--kube-version");
  });

  it("asks nobody, and the dry run the server itself", () => {
    assert.strictEqual(renderArguments(HELM_4, request)[0], "template");
    const asking = renderArguments(HELM_4, {
      ...REQUEST,
      answers: "server",
      kubeVersion: "v1.33.4",
    });
    assert.include(asking, "--dry-run=server");
    assert.notInclude(asking, "--kube-version");
  });
});
