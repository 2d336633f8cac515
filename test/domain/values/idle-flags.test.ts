import { assert, describe, it } from "@effect/vitest";
import { Redacted } from "effect";
import { getPath, type JsonObject, setPath } from "../../../src/domain/kube/json.ts";
import type { RenderedRelease } from "../../../src/domain/release/rendered-release.ts";
import { DEFAULT_RELEASE } from "../../../src/domain/run/upgrade-options.ts";
import {
  type CarryOver,
  carryOver,
  type FlagValue,
} from "../../../src/domain/values/carry-over.ts";
import {
  doingCommand,
  flagTrials,
  idleWarning,
  rendersAlike,
  unusedFlag,
} from "../../../src/domain/values/idle-flags.ts";
import { showCommand } from "../../../src/words/hints/commands.ts";
import { IDENTITY, PLAIN_OPERATOR } from "../../fakes/index.ts";

const MODE = ["global", "deploymentMode"];
const defaults: JsonObject = { global: { deploymentMode: "enterprise", customer: "" } };

const carryWith = (flags: Record<string, FlagValue>, stored: JsonObject): CarryOver =>
  carryOver(stored, new Map(Object.entries(flags)), IDENTITY);

/** What each trial puts in the flag's place. */
const trialsOf = (flags: Record<string, FlagValue>, stored: JsonObject, next: JsonObject) =>
  flagTrials({ carry: carryWith(flags, stored), stored, next, defaults }).map(
    ({ given, path, values }) => [given, getPath(Redacted.value(values), path)],
  );

describe("a flag is tried out", () => {
  it("against what the release has", () => {
    const stored = setPath({}, MODE, "saas");
    const next = setPath({}, MODE, "enterprise");
    assert.deepStrictEqual(trialsOf({ "deployment-mode": "enterprise" }, stored, next), [
      ["--deployment-mode", "saas"],
    ]);
  });

  it("against the default, when the release has the same", () => {
    const same = setPath({}, MODE, "saas");
    assert.deepStrictEqual(trialsOf({ "deployment-mode": "saas" }, same, same), [
      ["--deployment-mode", "enterprise"],
    ]);
  });

  it("not at all, when it says what is so in any case, nor when it was not given", () => {
    const next = setPath({}, MODE, "enterprise");
    assert.deepStrictEqual(
      trialsOf({ customer: "" }, {}, setPath({}, ["global", "customer"], "")),
      [],
    );
    assert.deepStrictEqual(trialsOf({}, setPath({}, MODE, "saas"), next), []);
  });
});

const rendered = (image: string, password = "p"): RenderedRelease => ({
  objects: [
    { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { password } } as never,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d" },
      spec: { image },
    } as never,
  ],
  hooks: [],
  recordBytes: undefined,
});

describe("two renderings are alike", () => {
  it("when only what comes out new each time differs", () => {
    assert.isTrue(rendersAlike(rendered("a", "1"), rendered("a", "2"), rendered("a", "3")));
    assert.isFalse(rendersAlike(rendered("a", "1"), rendered("b", "2"), rendered("a", "3")));
    assert.isFalse(rendersAlike(rendered("a"), rendered("a", "2"), rendered("a")));
  });

  it("not when one has an object more", () => {
    const { objects, ...rest } = rendered("a");
    assert.isFalse(
      rendersAlike(rendered("a"), { ...rest, objects: objects.slice(1) }, rendered("a")),
    );
  });
});

describe("what is said of it", () => {
  const env = { ...PLAIN_OPERATOR, context: "prod" };

  it("names the command that does it, fit to be pasted", () => {
    const idle = {
      _tag: "InstallOnly",
      given: "--serve-url",
      live: "https://old.example",
      asked: "https://new.example/it's",
    } as const;
    assert.deepStrictEqual(idleWarning(idle, "do it"), {
      code: "flag-set-at-installation",
      given: "--serve-url",
      key: "proxy-url",
      configMap: "tars-config",
      live: "https://old.example",
      command: "do it",
    });
    const command = doingCommand(idle, DEFAULT_RELEASE);
    assert.strictEqual(
      command === undefined ? undefined : showCommand(env, command),
      `kubectl patch configmap tars-config -n tars-system --type merge -p '{"data":{"proxy-url":"https://new.example/it'\\''s"}}' --context prod`,
    );
  });

  it("names the flag that makes the collector's count", () => {
    const trial = {
      given: "--otel-collector-endpoint",
      path: ["otelCollector", "exporters", "otlp", "endpoint"],
      values: Redacted.make({}),
    };
    const off = unusedFlag(trial, {});
    assert.strictEqual(idleWarning(off, undefined).code, "flag-needs-collector");
    assert.isUndefined(doingCommand(off, DEFAULT_RELEASE));
    const on = unusedFlag(trial, { otelCollector: { enabled: true } });
    assert.strictEqual(idleWarning(on, undefined).code, "flag-unused");
  });
});
