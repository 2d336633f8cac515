import { assert, describe, it } from "@effect/vitest";
import {
  type MetricsState,
  metricsState,
  metricsWarning,
  sidecarWarning,
} from "../../../src/domain/checks/preflight.ts";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import type { Warning } from "../../../src/domain/report/warning.ts";

const apiService = (group: string, conditions?: ReadonlyArray<object>): KubeObject => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: `v1beta1.${group}` },
  spec: { group, version: "v1beta1" },
  ...(conditions === undefined ? {} : { status: { conditions } }),
});
const METRICS = "metrics.k8s.io";
const available = (status: string, reason?: string, message?: string) => ({
  type: "Available",
  status,
  ...(reason === undefined ? {} : { reason }),
  ...(message === undefined ? {} : { message }),
});

describe("the metrics API", () => {
  it.each<[string, ReadonlyArray<KubeObject>, MetricsState]>([
    ["is absent when nothing is registered", [], { _tag: "Absent" }],
    [
      "is not the custom or external metrics API",
      [
        apiService("custom.metrics.k8s.io", [available("True")]),
        apiService("external.metrics.k8s.io", [available("True")]),
      ],
      { _tag: "Absent" },
    ],
    ["is available", [apiService(METRICS, [available("True", "Passed")])], { _tag: "Available" }],
    [
      "is available when one of two versions is",
      [apiService(METRICS, [available("False", "x")]), apiService(METRICS, [available("True")])],
      { _tag: "Available" },
    ],
    [
      "is unavailable for a reason",
      [apiService(METRICS, [available("False", "MissingEndpoints", "no endpoints")])],
      { _tag: "Unavailable", reason: "MissingEndpoints" },
    ],
    [
      "is unavailable with only a message",
      [apiService(METRICS, [available("False", undefined, "no endpoints")])],
      { _tag: "Unavailable", reason: "no endpoints" },
    ],
    [
      "is unavailable while nobody knows",
      [apiService(METRICS, [available("Unknown", "Checking")])],
      { _tag: "Unavailable", reason: "Checking" },
    ],
    [
      "is unavailable when just registered",
      [apiService(METRICS)],
      { _tag: "Unavailable", reason: undefined },
    ],
    [
      "is not judged by another condition",
      [apiService(METRICS, [{ type: "Ready", status: "True" }])],
      { _tag: "Unavailable", reason: undefined },
    ],
  ])("%s", (_, services, state) => {
    assert.deepStrictEqual(metricsState(services), state);
  });

  it("is worth no word when available", () => {
    assert.isUndefined(metricsWarning({ _tag: "Available" }));
  });

  it.each<[MetricsState, Warning]>([
    [{ _tag: "Absent" }, { code: "metrics-absent" }],
    [
      { _tag: "Unavailable", reason: "MissingEndpoints" },
      { code: "metrics-unavailable", reason: "MissingEndpoints" },
    ],
    [
      { _tag: "Unknown", reason: "forbidden" },
      { code: "metrics-unknown", reason: "forbidden" },
    ],
  ])("%j is a warning", (state, warning) => {
    assert.deepStrictEqual(metricsWarning(state), warning);
  });
});

describe("Kubernetes without native sidecars", () => {
  it.each([
    [1, 32, "v1.32.9", true],
    [1, 33, "v1.33.0", false],
    [1, 34, "v1.34.1", false],
    [1, 9, "v1.9.0", true],
    [2, 0, "v2.0.0", false],
  ])("%d.%d (%s) is warned about: %s", (major, minor, text, warned) => {
    assert.deepStrictEqual(
      sidecarWarning({ major, minor, text }),
      warned ? { code: "kubernetes-lacks-sidecars", version: text } : undefined,
    );
  });
});
