import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import type { KubeObject } from "../../../src/domain/kube/objects.ts";
import {
  counted,
  ended,
  found,
  isBusy,
  isLeaving,
  letGo,
  type Proxies,
} from "../../../src/domain/streams/proxies.ts";
import type { ProxyCounts } from "../../../src/domain/streams/proxy-metrics.ts";
import { cutInAll, draining, tallyOf } from "../../../src/domain/streams/tally.ts";

interface Shape {
  readonly leaving?: boolean;
  readonly ready?: boolean;
  readonly drain?: number | undefined;
  readonly grace?: number;
}

const proxy = (name: string, shape: Shape = {}): KubeObject => {
  const { leaving, ready, drain, grace } = { leaving: false, ready: true, drain: 60, ...shape };
  const command = ["envoy-gateway", "envoy", "shutdown", `--drain-timeout=${drain}s`];
  const manager = { name: "shutdown-manager", lifecycle: { preStop: { exec: { command } } } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      ...(leaving ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
      ...(grace === undefined ? {} : { deletionGracePeriodSeconds: grace }),
    },
    spec: {
      terminationGracePeriodSeconds: 1_000,
      containers: drain === undefined ? [] : [manager],
    },
    status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
};

const open = (openStreams: number, over: Partial<ProxyCounts> = {}): ProxyCounts => ({
  openStreams,
  abortedConnections: 0,
  listenersDraining: 0,
  ...over,
});

/** What a proxy took along that was seen with `open` streams, was deleted, and was gone `seconds` later. */
const cutAfter = (seconds: number, streams: number | undefined, shape: Shape = {}) => {
  const first = found(undefined, [proxy("a", shape)], 0);
  const seen = streams === undefined ? first : counted(first, "a", open(streams));
  const leaving = found(seen, [proxy("a", { ...shape, leaving: true })], 10_000);
  const gone = found(leaving, [], 10_000 + seconds * 1000);
  return ended(gone, "a", 10_000 + seconds * 1000).get("a")?.cut;
};

const of = (proxies: Proxies, uid: string) => proxies.get(uid) ?? assert.fail(uid);

it("what somebody else saw last of a proxy that they ended is what counts", () => {
  const seen = counted(found(undefined, [proxy("a"), proxy("b")], 0), "a", open(3));
  const away = found(letGo(letGo(seen, "a", 0), "b", 4), [proxy("b")], 10_000);
  assert.strictEqual(of(ended(away, "a", 20_000), "a").cut, 0);
  // Of what could not be counted nothing was cut that anybody knows of.
  assert.isUndefined(of(away, "b").counts);
});

describe("a proxy that has ended", () => {
  it.each<[string, number, number | undefined, Shape, number]>([
    ["at the end of its drain cuts what was open", 61, 7, {}, 7],
    ["before the end of its drain waited for all of them", 40, 1, {}, 0],
    ["with nothing open cuts nothing", 61, 0, {}, 0],
    ["that nobody could count cuts nothing that is known", 61, undefined, {}, 0],
    ["without a drain cuts what was open", 1, 7, { drain: 0 }, 7],
    ["by force cuts what was open", 1, 7, { grace: 0 }, 7],
    ["with less time than its drain cuts at the end of that", 31, 7, { grace: 30 }, 7],
    ["with a hook that is not understood counts as it was seen", 20, 7, { drain: undefined }, 7],
  ])("%s", (_, seconds, open, shape, cut) => {
    assert.strictEqual(cutAfter(seconds, open, shape), cut);
  });

  it("had the drain that it was first deleted with: the kubelet deletes it once more at the end", () => {
    const leaving = found(
      counted(found(undefined, [proxy("a")], 0), "a", open(2)),
      [proxy("a", { leaving: true, grace: 360 })],
      0,
    );
    const last = found(leaving, [proxy("a", { leaving: true, grace: 0 })], 61_000);
    assert.deepStrictEqual(tallyOf(ended(last, "a", 61_000), new Map([["a", 2]])).cut, [
      { pod: "a", streams: 2, by: "proxy", drainSeconds: 60 },
    ]);
    assert.strictEqual(of(ended(last, "a", 30_000), "a").cut, 0);
  });

  it("cuts what was open when its deletion was never seen", () => {
    const seen = counted(found(undefined, [proxy("a")], 0), "a", open(4));
    assert.strictEqual(of(ended(found(seen, [], 1_000), "a", 1_000), "a").cut, 4);
  });

  it("has ended once", () => {
    const gone = ended(counted(found(undefined, [proxy("a")], 0), "a", open(4)), "a", 1_000);
    assert.deepStrictEqual(ended(gone, "a", 900_000), gone);
  });

  const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 }));
  const Streams = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 }));
  it.prop(
    "cuts all or nothing, and nothing well before its drain is over",
    [Seconds, Seconds, Streams],
    ([seconds, drain, streams]) => {
      const cut = cutAfter(seconds, streams, { drain, grace: 400 });
      assert.strictEqual(cut, seconds + 1 < drain ? 0 : streams);
    },
  );
});

describe("a proxy on its way out", () => {
  it("is one that is being deleted, or is no longer where it was", () => {
    const first = found(undefined, [proxy("a"), proxy("b"), proxy("c")], 0);
    const next = found(first, [proxy("a"), proxy("b", { leaving: true })], 1_000);
    assert.deepStrictEqual([...next.values()].map(isLeaving), [false, true, true]);
    assert.isFalse(isLeaving(of(ended(next, "c", 2_000), "c")));
  });

  it("may be found again: it was put back into rotation", () => {
    const away = found(found(undefined, [proxy("a")], 0), [], 1_000);
    assert.isFalse(isLeaving(of(found(away, [proxy("a")], 2_000), "a")));
  });

  it("is busy while it has streams", () => {
    const leaving = found(
      found(undefined, [proxy("a")], 0),
      [proxy("a", { leaving: true })],
      1_000,
    );
    assert.isFalse(isBusy(of(leaving, "a")));
    assert.isTrue(isBusy(of(counted(leaving, "a", open(1)), "a")));
    assert.isFalse(isBusy(of(counted(leaving, "a", open(0)), "a")));
    assert.deepStrictEqual(draining(counted(leaving, "a", open(3))), [{ pod: "a", streams: 3 }]);
  });

  it("before the run began is none of its doing", () => {
    assert.strictEqual(found(undefined, [proxy("a", { leaving: true })], 0).size, 0);
  });
});

describe("a listener that was replaced", () => {
  const first = counted(found(undefined, [proxy("a")], 0), "a", open(9));
  const drains = counted(first, "a", open(8, { listenersDraining: 1, abortedConnections: 1 }));

  it("has streams that are watched while it drains, on a proxy that serves", () => {
    assert.deepStrictEqual(draining(first), []);
    assert.deepStrictEqual(draining(drains), [{ pod: "a", streams: 8 }]);
    assert.isFalse(isBusy(of(drains, "a")));
  });

  it("cuts what was aborted when its drain was over, and not what clients aborted before", () => {
    const over = counted(drains, "a", open(1, { abortedConnections: 8 }));
    assert.deepStrictEqual(tallyOf(over, new Map([["a", 9]])).cut, [
      { pod: "a", streams: 7, by: "listener" },
    ]);
    assert.deepStrictEqual(draining(over), []);
    const later = counted(over, "a", open(0, { abortedConnections: 9 }));
    assert.strictEqual(cutInAll(tallyOf(later, new Map([["a", 9]]))), 7);
  });

  it("cuts nothing that ended by itself", () => {
    const over = counted(drains, "a", open(0, { abortedConnections: 1 }));
    assert.strictEqual(cutInAll(tallyOf(over, new Map([["a", 9]]))), 0);
  });
});

describe("the tally", () => {
  const start = found(undefined, [proxy("a"), proxy("b"), proxy("c", { ready: false })], 0);
  const withNew = found(start, [proxy("a"), proxy("b"), proxy("c"), proxy("d")], 1_000);

  it("tells what was open, what was cut and what goes on", () => {
    let proxies = counted(counted(counted(withNew, "a", open(5)), "b", open(3)), "d", open(2));
    const leaving = ["a", "b", "d"].map((name) => proxy(name, { leaving: true }));
    proxies = found(proxies, [...leaving, proxy("c")], 2_000);
    proxies = ended(ended(proxies, "a", 70_000), "d", 70_000);
    const tally = tallyOf(proxies, new Map([["a", 5]]));
    assert.deepStrictEqual(tally, {
      openAtStart: 5,
      cut: [
        { pod: "a", streams: 5, by: "proxy", drainSeconds: 60 },
        { pod: "d", streams: 2, by: "proxy", drainSeconds: 60 },
      ],
      stillOpen: [{ pod: "b", streams: 3 }],
      uncounted: 1,
    });
    assert.strictEqual(cutInAll(tally), 7);
  });

  it("counts as missing only proxies that served at the start", () => {
    assert.strictEqual(tallyOf(withNew, new Map()).uncounted, 2);
  });
});
