import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { KubeObject } from "../../src/domain/kube.ts";
import {
  HEARTBEAT_EVERY,
  heldLease,
  LEASE_DURATION,
  leaseName,
  leaseState,
  releasedLease,
} from "../../src/domain/lease.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 67);

const lease = (spec: Readonly<Record<string, unknown>>): KubeObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "tare-tars" },
  spec,
});

describe("a held lease", () => {
  it("is one per release, in its namespace", () => {
    const { metadata } = heldLease(RELEASE, "me", AT, AT);
    assert.strictEqual(metadata.name, leaseName(RELEASE));
    assert.strictEqual(metadata.name, "tare-tars");
    assert.strictEqual(metadata.namespace, "tars-system");
    assert.deepStrictEqual(metadata.labels, { "app.kubernetes.io/managed-by": "tare" });
    assert.notProperty(metadata, "resourceVersion");
  });

  it("names the version it replaces, so that of two takers one fails", () => {
    assert.strictEqual(heldLease(RELEASE, "me", AT, AT, "42").metadata.resourceVersion, "42");
  });

  it("has times with microseconds, as Kubernetes demands", () => {
    assert.deepInclude(heldLease(RELEASE, "me", AT, AT + 10_000).spec, {
      acquireTime: "2026-01-02T03:04:05.067000Z",
      renewTime: "2026-01-02T03:04:15.067000Z",
    });
  });

  const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4e12 }));
  it.prop(
    "is read back as held until its time is over",
    [Millis, Millis],
    ([acquired, renewed]) => {
      const state = leaseState(heldLease(RELEASE, "me@host", acquired, renewed));
      assert.strictEqual(state?.holder, "me@host");
      assert.strictEqual(Date.parse(state?.acquiredAt ?? ""), acquired);
      assert.strictEqual(state?.expiresAtMillis, renewed + Duration.toMillis(LEASE_DURATION));
    },
  );

  it("outlives more than one missed heartbeat", () => {
    assert.isAbove(Duration.toMillis(LEASE_DURATION), 2 * Duration.toMillis(HEARTBEAT_EVERY));
  });
});

describe("a lease of somebody else", () => {
  it.each([[{}], [{ holderIdentity: "" }], [{ holderIdentity: null }]])(
    "with %j is free",
    (spec) => {
      assert.isUndefined(leaseState(lease(spec)));
    },
  );

  it("that never says when it was renewed has expired", () => {
    for (const renewTime of [undefined, "", "yesterday"]) {
      const state = leaseState(lease({ holderIdentity: "x", leaseDurationSeconds: 30, renewTime }));
      assert.deepStrictEqual(state, {
        holder: "x",
        acquiredAt: "an unknown time",
        expiresAtMillis: 0,
      });
    }
  });

  it("without a duration expires at its renewal", () => {
    const renewTime = "2026-01-02T03:04:05.067000Z";
    assert.strictEqual(leaseState(lease({ holderIdentity: "x", renewTime }))?.expiresAtMillis, AT);
  });
});

it("a released lease is free, and stays the same object", () => {
  const released = releasedLease(heldLease(RELEASE, "me", AT, AT, "42"));
  assert.isUndefined(leaseState(released));
  assert.strictEqual(released.metadata.resourceVersion, "42");
});
