import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import type { Revision, RevisionStatus } from "../../../src/domain/release/release.ts";
import { diagnose, isHelmAtWork, longestLife } from "../../../src/domain/run/recovery.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };

const history = (...statuses: ReadonlyArray<RevisionStatus | readonly [RevisionStatus, string]>) =>
  statuses.map((one, index): Revision => {
    const [status, description] = typeof one === "string" ? [one, "Upgrade complete"] : one;
    return { revision: index + 1, status, description, chart: "tars-1.1.0" };
  });

const FAILED = ["failed", 'Upgrade "tars" failed: context deadline exceeded'] as const;

describe("a release", () => {
  it.each([
    ["the usual one", history("superseded", "deployed"), "Sound", undefined],
    ["none", [], "Sound", undefined],
    ["a failed attempt after a good one", history("deployed", FAILED), "Sound", undefined],
    ["killed in an upgrade", history("deployed", "pending-upgrade"), "Pending", 1],
    ["killed before the last record", history("superseded", "pending-upgrade"), "Pending", 1],
    ["killed in a rollback", history("deployed", FAILED, "pending-rollback"), "Pending", 1],
    ["killed in the installation", history("pending-install"), "Pending", undefined],
    ["pending after failures only", history(FAILED, "pending-upgrade"), "Pending", undefined],
    ["left between two records", history("superseded", FAILED), "Undeployed", 1],
    ["failed from the start", history(FAILED), "Sound", undefined],
    ["uninstalled with its history", history("superseded", "uninstalled"), "Sound", undefined],
  ] as const)("%s", (_, revisions, tag, to) => {
    const diagnosis = diagnose(revisions, new Set());
    assert.strictEqual(diagnosis._tag, tag);
    assert.strictEqual(diagnosis._tag === "Sound" ? undefined : diagnosis.to?.revision, to);
  });

  it("never goes back to a revision whose data plane nobody saw work", () => {
    const diagnosis = diagnose(history("superseded", "deployed", "pending-upgrade"), new Set([2]));
    assert.strictEqual(diagnosis._tag === "Pending" ? diagnosis.to?.revision : undefined, 1);
  });
});

describe("a command line", () => {
  const ours = "helm upgrade tars /chart --install --namespace tars-system --atomic";

  it.each([
    ours,
    "/home/ada/.tare/tools/helm/3.21.4/helm rollback tars 3 --namespace tars-system",
    "helm4 upgrade --install tars ./chart -n tars-system",
    "/bin/sh /opt/helm-wrapper uninstall tars --namespace=tars-system",
  ])("%s is a Helm at work on the release", (line) => {
    assert.isTrue(isHelmAtWork(line.split(" "), RELEASE));
  });

  it.each([
    "helm history tars --namespace tars-system",
    "helm upgrade tars /chart --namespace elsewhere",
    "helm upgrade other /chart --namespace tars-system",
    "tare upgrade identity.json",
    "vim helm upgrade.txt",
    "",
  ])("%s is not", (line) => {
    assert.isFalse(isHelmAtWork(line.split(" "), RELEASE));
  });
});

it("Helm's life ends with its wait, its rollback's wait and what it takes to apply both", () => {
  assert.strictEqual(Duration.toMinutes(longestLife(Duration.minutes(10))), 21);
});
