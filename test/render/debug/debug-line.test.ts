import { assert, describe, it } from "@effect/vitest";
import { debugJson, debugLine, showDebugLine } from "../../../src/render/debug/debug-line.ts";

const span = (name: string, attributes: Readonly<Record<string, unknown>>) => ({
  name,
  attributes,
  start: 11_204.4,
  end: 11_216.6,
});

describe("a line of --debug", () => {
  it("says when, what and how long", () => {
    const line = debugLine(
      span("kube.call", { request: "list secrets in tars-system" }),
      undefined,
      10_000,
    );
    assert.isDefined(line);
    if (line === undefined) return;
    assert.strictEqual(
      showDebugLine(line),
      "debug: 1.204s kube list secrets in tars-system (12 ms)",
    );
    assert.deepStrictEqual(JSON.parse(debugJson(line)), {
      type: "debug",
      tool: "kube",
      what: "list secrets in tars-system",
      at_ms: 1_204,
      duration_ms: 12,
    });
  });

  it("says why it failed, with nothing raw and no secret of the usual spellings", () => {
    const line = debugLine(
      span("helm", { command: "upgrade", line: "upgrade tars ./chart --timeout 10m" }),
      "denied: password=hunter2-hunter2 \u001b[2J",
      10_000,
    );
    assert.isDefined(line);
    if (line === undefined) return;
    const shown = showDebugLine(line);
    assert.match(
      shown,
      /^debug: 1\.204s helm upgrade tars \.\/chart --timeout 10m \(12 ms\): denied/,
    );
    assert.notInclude(shown, "hunter2");
    assert.notInclude(shown, "\u001b");
    assert.notInclude(debugJson(line), "hunter2");
  });

  it("is not there for what only encloses others", () => {
    assert.isUndefined(debugLine(span("tare.phase.preflight", { index: 1 }), undefined, 0));
    assert.isUndefined(debugLine(span("Kubectl.get", {}), undefined, 0));
  });
});
