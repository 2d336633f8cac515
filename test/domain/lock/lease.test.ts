import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  HEARTBEAT_EVERY,
  heldLease,
  LEASE_DURATION,
  leaseName,
  leaseState,
  releasedLease,
  SILENCE_ALLOWED,
} from "../../../src/domain/lock/lease.ts";

const RELEASE = { name: "tars", namespace: "tars-system" };
const me = { user: "me", host: "host", pid: 7, table: "boot-1", started: "4711" };
const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 67);

const lease = (spec: Readonly<Record<string, unknown>>): KubeObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "tare-tars" },
  spec,
});

describe("a held lease", () => {
  it("is one per release, in its namespace", () => {
    const { metadata } = heldLease(RELEASE, me, AT, AT);
    assert.strictEqual(metadata.name, leaseName(RELEASE));
    assert.strictEqual(metadata.name, "tare-tars");
    assert.strictEqual(metadata.namespace, "tars-system");
    assert.deepStrictEqual(metadata.labels, { "app.kubernetes.io/managed-by": "tare" });
    assert.notProperty(metadata, "resourceVersion");
  });

  it("names the version it replaces, so that of two takers one fails", () => {
    assert.strictEqual(heldLease(RELEASE, me, AT, AT, "42").metadata.resourceVersion, "42");
  });

  it("has times with microseconds, as Kubernetes demands", () => {
    assert.deepInclude(heldLease(RELEASE, me, AT, AT + 10_000).spec, {
      acquireTime: "2026-01-02T03:04:05.067000Z",
      renewTime: "2026-01-02T03:04:15.067000Z",
    });
  });

  const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4e12 }));
  it.prop("is read back as it was written", [Millis, Millis], ([acquired, renewed]) => {
    const state = leaseState(heldLease(RELEASE, me, acquired, renewed));
    assert.strictEqual(state?.holder, "me@host, process 7");
    assert.deepStrictEqual(state?.process, me);
    assert.strictEqual(Date.parse(state?.acquiredAt ?? ""), acquired);
    assert.deepStrictEqual(state?.duration, LEASE_DURATION);
  });

  it("outlives more than one missed heartbeat, and its holder stops writing before it ends", () => {
    assert.isAbove(Duration.toMillis(SILENCE_ALLOWED), 2 * Duration.toMillis(HEARTBEAT_EVERY));
    assert.isAbove(Duration.toMillis(LEASE_DURATION), Duration.toMillis(SILENCE_ALLOWED));
  });
});

describe("a lease of somebody else", () => {
  it.each([[{}], [{ holderIdentity: "" }], [{ holderIdentity: null }]])(
    "with %j is free",
    (spec) => {
      assert.isUndefined(leaseState(lease(spec)));
    },
  );

  it("says nothing of a process when another program wrote it", () => {
    const state = leaseState(lease({ holderIdentity: "x", leaseDurationSeconds: 5 }));
    assert.strictEqual(state?.process, undefined);
    assert.isUndefined(state?.acquiredAt);
    assert.strictEqual(Duration.toSeconds(state?.duration ?? Duration.zero), 5);
  });

  it("without a duration is watched for as long as one of ours", () => {
    assert.deepStrictEqual(leaseState(lease({ holderIdentity: "x" }))?.duration, LEASE_DURATION);
  });

  it("has another beat whenever it is renewed, whatever its holder's clock says", () => {
    const beat = (version: string, renewedAt: number) =>
      leaseState(heldLease(RELEASE, me, AT, renewedAt, version))?.beat;
    assert.notStrictEqual(beat("1", AT), beat("2", AT));
    assert.strictEqual(beat("1", AT), beat("1", AT));
  });
});

it("a released lease is free, and stays the same object", () => {
  const released = releasedLease(heldLease(RELEASE, me, AT, AT, "42"));
  assert.isUndefined(leaseState(released));
  assert.strictEqual(released.metadata.resourceVersion, "42");
});
