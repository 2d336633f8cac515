import { assert, describe, it } from "@effect/vitest";
import {
  classifyHelmError,
  type HelmFailureKind,
  helmErrorText,
  helmReason,
  oneLine,
} from "../../../src/domain/helm/stderr.ts";

const NOT_READY =
  "resource Deployment/default/tars-dp not ready. status: InProgress, message: Available: 0/2";

describe("Helm's error text", () => {
  it("is what follows `Error: `", () => {
    assert.strictEqual(helmErrorText("Error: release: not found\n"), "release: not found");
  });

  it("leaves out deprecations and log lines of Helm 4", () => {
    const stderr = [
      "Flag --atomic has been deprecated, use --rollback-on-failure instead",
      `level=WARN msg="upgrade failed" name=tars error="${NOT_READY}\\ncontext deadline exceeded"`,
      'level=WARN msg="Rollback \\"tars\\" failed: boom"',
      `Error: UPGRADE FAILED: ${NOT_READY}`,
      "context deadline exceeded",
      "",
    ].join("\n");
    assert.strictEqual(
      helmErrorText(stderr),
      `UPGRADE FAILED: ${NOT_READY}\ncontext deadline exceeded`,
    );
  });

  it("leaves out client logs, warnings and what OCI prints", () => {
    const stderr = [
      "WARNING: Kubernetes configuration file is group-readable. This is insecure.",
      "Pulled: registry.example.com/tars:1.2.0",
      "Digest: sha256:0123",
      "W1122 18:16:09.376140     789 object_status_reporter.go:765] ListAndWatch error (retry expected): boom",
      "I1122 18:16:09.376140     789 request.go:700] Waited for 1s due to client-side throttling",
      "Error: UPGRADE FAILED: context deadline exceeded",
      "E1122 18:16:10.000000     789 x.go:1] late",
      'level=ERROR msg="late"',
    ].join("\n");
    assert.strictEqual(helmErrorText(stderr), "UPGRADE FAILED: context deadline exceeded");
  });

  it("keeps the later lines of hooks and schema errors", () => {
    assert.strictEqual(
      helmErrorText(
        "Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n\t* job tars-pre-upgrade failed: BackoffLimitExceeded\n\n\n",
      ),
      "UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n\t* job tars-pre-upgrade failed: BackoffLimitExceeded",
    );
  });

  it("does not mind carriage returns", () => {
    assert.strictEqual(helmErrorText("Error: a\r\nb\r\n"), "a\nb");
  });

  it("without an `Error: ` line is whatever else was said", () => {
    assert.strictEqual(helmErrorText("panic: nil map\ngoroutine 1"), "panic: nil map\ngoroutine 1");
    assert.strictEqual(helmErrorText("WARNING: x\nlevel=INFO msg=y\n"), "");
    assert.strictEqual(helmErrorText(""), "");
  });

  it("starts at the first `Error: `, not at one inside a line", () => {
    assert.strictEqual(helmErrorText("see Error: x\nError: y\nError: z"), "y\nError: z");
  });
});

describe("the kind of a failure", () => {
  it.each<[HelmFailureKind, string]>([
    ["locked", "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"],
    ["locked", "UPGRADE FAILED: release: already exists"],
    ["not-found", "release: not found"],
    ["not-found", "uninstall: Release not loaded: nope: release: not found"],
    ["no-deployed-release", 'UPGRADE FAILED: "tars" has no deployed releases'],
    [
      "unreachable",
      'Kubernetes cluster unreachable: Get "http://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      "unreachable",
      "kubernetes cluster unreachable: the server has asked for the client to provide credentials",
    ],
    ["unreachable", 'kubernetes cluster unreachable: context "nope" does not exist'],
    [
      "unreachable",
      "cluster reachability check failed: kubernetes cluster unreachable: the server is currently unable to handle the request",
    ],
    [
      "unreachable",
      'Kubernetes cluster unreachable: Get "https://10.0.0.1/version": context deadline exceeded',
    ],
    [
      "forbidden",
      'query: failed to query with labels: secrets is forbidden: User "u" cannot list resource "secrets" in API group "" in the namespace "default"',
    ],
    [
      "forbidden",
      'list: failed to list: secrets is forbidden: User "u" cannot list resource "secrets" in API group "" in the namespace "default"',
    ],
    [
      "forbidden",
      'UPGRADE FAILED: create: failed to create: secrets is forbidden: User "u" cannot create resource "secrets" in API group "" in the namespace "default"',
    ],
    [
      "forbidden",
      'UPGRADE FAILED: failed to list apps/v1, Kind=Deployment: deployments.apps is forbidden: User "u" cannot list resource "deployments"',
    ],
    ["timeout", "UPGRADE FAILED: context deadline exceeded"],
    ["timeout", `UPGRADE FAILED: ${NOT_READY}\ncontext deadline exceeded`],
    [
      "timeout",
      "UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:\n\t* timed out waiting for the condition",
    ],
    [
      "timeout",
      "UPGRADE FAILED: client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline",
    ],
    ["cancelled", "UPGRADE FAILED: context canceled"],
    [
      "cancelled",
      "UPGRADE FAILED: release tars failed, and has been rolled back due to atomic being set: context canceled",
    ],
    ["storage", "UPGRADE FAILED: update: failed to update: etcdserver: request timed out"],
    [
      "storage",
      'UPGRADE FAILED: create: failed to create: Secret "sh.helm.release.v1.tars.v2" is invalid: data: Too long: may not be more than 1048576 bytes',
    ],
    ["storage", "list: failed to list: etcdserver: leader changed"],
    ["storage", "query: failed to query: etcdserver: leader changed"],
    ["storage", "query: failed to query with labels: etcdserver: leader changed"],
    ["other", "release has no 9 version"],
    ["other", 'path "./nope" not found'],
    ["other", "UPGRADE FAILED: execution error at (demo/templates/x.yaml:1:3): need x"],
    [
      "other",
      "UPGRADE FAILED: values don't meet the specifications of the schema(s) in the following chart(s):\ndemo:\n- at '/replicas': minimum: got 0, want 1",
    ],
    [
      "other",
      'UPGRADE FAILED: cannot patch "tars-dp" with kind Deployment: Deployment.apps "tars-dp" is invalid: spec.selector: field is immutable',
    ],
    ["other", ""],
  ])("%s: %s", (kind, text) => {
    assert.strictEqual(classifyHelmError(text), kind);
  });
});

describe("the innermost reason", () => {
  it.each([
    ["UPGRADE FAILED: context deadline exceeded", "context deadline exceeded"],
    ["context deadline exceeded", "context deadline exceeded"],
    ["INSTALLATION FAILED: x", "x"],
    [
      "UPGRADE FAILED: release tars failed, and has been rolled back due to atomic being set: context deadline exceeded",
      "context deadline exceeded",
    ],
    [
      `UPGRADE FAILED: release tars failed, and has been rolled back due to rollback-on-failure being set: ${NOT_READY}\ncontext deadline exceeded`,
      `${NOT_READY}\ncontext deadline exceeded`,
    ],
    [
      "release tars failed, and has been uninstalled due to rollback-on-failure being set: context canceled",
      "context canceled",
    ],
    [
      'UPGRADE FAILED: an error occurred while rolling back the release. original upgrade error: cannot patch "tars-dp" with kind Deployment: boom: no ConfigMap with the name "tars-extra" found',
      'cannot patch "tars-dp" with kind Deployment: boom: no ConfigMap with the name "tars-extra" found',
    ],
    [
      "UPGRADE FAILED: an error occurred while finding last successful release. original upgrade error: context deadline exceeded: Kubernetes cluster unreachable: the server is currently unable to handle the request",
      "context deadline exceeded: Kubernetes cluster unreachable: the server is currently unable to handle the request",
    ],
    [
      "UPGRADE FAILED: unable to find a previously successful release when attempting to rollback. original upgrade error: context deadline exceeded",
      "context deadline exceeded",
    ],
    [
      "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
      "another operation (install/upgrade/rollback) is in progress",
    ],
    ["UPGRADE FAILED: pre-upgrade hooks failed: x", "pre-upgrade hooks failed: x"],
    ["", ""],
  ])("of %s", (text, reason) => {
    assert.strictEqual(helmReason(text), reason);
  });
});

describe("on one line", () => {
  it.each([
    ["context deadline exceeded", "context deadline exceeded"],
    [`${NOT_READY}\ncontext deadline exceeded`, `${NOT_READY}; context deadline exceeded`],
    [
      "pre-upgrade hooks failed: 1 error occurred:\n\t* job tars-pre-upgrade failed: BackoffLimitExceeded\n\n",
      "pre-upgrade hooks failed: job tars-pre-upgrade failed: BackoffLimitExceeded",
    ],
    [
      "demo:\r\n- at '/replicas': minimum: got 0, want 1\r\n- at '': missing property 'image'\r\n",
      "demo:; at '/replicas': minimum: got 0, want 1; at '': missing property 'image'",
    ],
    ["", ""],
    ["\n \n", ""],
    ["a - b * c", "a - b * c"],
    ["-5 is not a replica count", "-5 is not a replica count"],
  ])("%j", (text, line) => {
    assert.strictEqual(oneLine(text), line);
  });

  it("keeps the marks by which a PEM key is recognised and redacted", () => {
    assert.include(
      oneLine("bad value:\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
      "-----BEGIN PRIVATE KEY-----",
    );
  });
});
