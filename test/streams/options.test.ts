import { assert, describe, it } from "@effect/vitest";
import { DEFAULTS, parseOptions, UsageError } from "./options.ts";

describe("the flags of npm run streams", () => {
  it("have defaults", () => {
    assert.deepStrictEqual(parseOptions([]), DEFAULTS);
  });

  it("are all taken", () => {
    const args =
      "--scenario interrupt --clients 8 --length 2m --no-keep-alive --http2 --warm-up 10s --from 1.2.0" +
      " --running-drain 12s --replicas 4 --nodes 2 --helm 3 --everything --drain-timeout-seconds 300 -- --timeout 5m";
    assert.deepStrictEqual(parseOptions(args.split(" ")), {
      scenario: "interrupt",
      clients: 8,
      length: 120,
      keepAlive: false,
      http2: true,
      warmUp: 10,
      from: "1.2.0",
      runningDrain: 12,
      replicas: 4,
      nodes: 2,
      helm: "helm3",
      everything: true,
      tare: ["--drain-timeout-seconds", "300", "--timeout", "5m"],
    });
  });

  it("warm up for the length of a stream, and give the negative control a short drain", () => {
    const control = parseOptions(["--scenario", "negative-control", "--length", "45s"]);
    assert.include(control, { warmUp: 45, from: "1.2.0", runningDrain: 12 });
    assert.include(parseOptions(["--scenario", "node-drain"]), { nodes: 2, from: "1.1.0" });
  });

  it("are refused when they make no sense", () => {
    const senseless = [
      "--length soon",
      "--clients 0",
      "--helm 2",
      "--scenario nap",
      "--no",
      "more",
    ];
    for (const args of senseless) {
      assert.throws(() => parseOptions(args.split(" ")), UsageError);
    }
    assert.throws(() => parseOptions(["more", "--", "--timeout"]), UsageError);
  });

  it("ask for the usage", () => {
    assert.isUndefined(parseOptions(["--help"]));
  });
});
