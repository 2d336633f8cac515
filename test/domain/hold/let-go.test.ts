import { assert, describe, it } from "@effect/vitest";
import { Duration } from "effect";
import { type HandedOver, handedOverAt, mayLeave, seen } from "../../../src/domain/hold/let-go.ts";

const ASKED = Duration.seconds(300);

/** A proxy that was looked at every second, with so many streams open at each look. */
const looked = (streams: ReadonlyArray<number | undefined>): HandedOver =>
  streams.reduce<HandedOver>(
    (proxy, openStreams, index) => seen(proxy, { openStreams, atMillis: index * 1000 }),
    handedOverAt(0),
  );

const leave = (streams: ReadonlyArray<number | undefined>) =>
  mayLeave(looked(streams), ASKED, (streams.length - 1) * 1000);

const seconds = <A>(count: number, value: A): ReadonlyArray<A> =>
  Array.from({ length: count }, () => value);

describe("a proxy that was handed over", () => {
  it("stays while a stream is open", () => {
    assert.isUndefined(leave(seconds(200, 1)));
  });

  it("goes when none has been open for five seconds", () => {
    assert.isUndefined(leave([...seconds(30, 1), ...seconds(5, 0)]));
    assert.strictEqual(leave([...seconds(30, 1), ...seconds(6, 0)]), "streams-ended");
  });

  it("stays when a stream begins in between", () => {
    assert.isUndefined(leave([...seconds(30, 1), ...seconds(4, 0), 1, ...seconds(4, 0)]));
  });

  it("stays for ten seconds at least: a node may not have heard yet", () => {
    assert.isUndefined(leave(seconds(10, 0)));
    assert.strictEqual(leave(seconds(11, 0)), "streams-ended");
  });

  it("goes when its time is over, whatever is open", () => {
    assert.isUndefined(leave(seconds(300, 1)));
    assert.strictEqual(leave(seconds(301, 1)), "time-over");
  });

  it("whose streams nobody counts has all of its time", () => {
    assert.isUndefined(leave(seconds(300, undefined)));
    assert.strictEqual(leave(seconds(301, undefined)), "time-over");
  });

  it("is not taken for quiet by looks that failed", () => {
    assert.isUndefined(leave([...seconds(30, 0).slice(0, 5), ...seconds(7, undefined), 0]));
  });
});
