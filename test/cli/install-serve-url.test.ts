/** `tare install --serve-url`: the management plane is told before anything is written. */
import { assert, describe, it } from "@effect/vitest";
import { Effect } from "effect";
import {
  EMPTY,
  FakeManagementPlane,
  historyLines,
  IDENTITY,
  type PlaneBehaviour,
  world,
  writesOf,
} from "../fakes/index.ts";
import { summaryOf } from "../output-schema.ts";
import { type CliOptions, IDENTITY_JSON, runCli } from "./support.ts";

const URL = "https://llm.acme.example";

const install = (flags: ReadonlyArray<string> = [], options: CliOptions = {}) =>
  runCli(["install", "FOLDER/identity.json", "--yes", ...flags], options);
const withUrl = (flags: ReadonlyArray<string> = []) => install(["--serve-url", URL, ...flags]);

const answered = (status: number): PlaneBehaviour => ({
  ...{ _tag: "Answer", status, detail: "the plane's reason" },
});

describe("--serve-url", () => {
  it.effect("is registered before the first write, once, by the workspace", () =>
    Effect.gen(function* () {
      const plane = yield* FakeManagementPlane;
      const run = yield* withUrl();
      assert.strictEqual(run.code, 0, run.everything);
      const told = `serve URL ${URL} registered with the management plane`;
      assert.isAbove(run.stderr.indexOf(told), run.stderr.indexOf("[3/5] Namespaces and secrets"));
      assert.isBelow(run.stderr.indexOf(told), run.stderr.indexOf("namespace tars-system created"));
      assert.deepStrictEqual(yield* plane.registrations, [
        { workspace_id: IDENTITY.workspaceId, serve_url: URL, cli_version: "1.2.0" },
      ]);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is registered again by a run that has nothing else to do", () =>
    Effect.gen(function* () {
      const plane = yield* FakeManagementPlane;
      yield* plane.behaveAtRegistration(() => answered(503));
      const first = yield* withUrl();
      assert.strictEqual(first.code, 0, first.everything);
      yield* plane.behaveAtRegistration(() => answered(200));
      const second = yield* withUrl();
      assert.strictEqual(second.code, 0, second.everything);
      assert.include(second.everything, "nothing to do");
      assert.lengthOf(yield* plane.registrations, 1);
      assert.lengthOf(yield* historyLines, 1);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("of nobody's, or from the identity file, is not registered", () =>
    Effect.gen(function* () {
      yield* install();
      yield* install([], { identity: { ...IDENTITY_JSON, serveUrl: URL } });
      assert.deepStrictEqual(yield* (yield* FakeManagementPlane).registrations, []);
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([["--plan"], ["--print-values"], ["--crds-only"]] as const)(
    "is not registered by %s",
    ([mode]) =>
      Effect.gen(function* () {
        yield* withUrl([mode]);
        assert.deepStrictEqual(yield* (yield* FakeManagementPlane).registrations, []);
      }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([400, 401, 403, 404, 409, 422, 302].map((status) => [status] as const))(
    "that is refused with %i ends the run before the first write, with the command to run again",
    ([status]) =>
      Effect.gen(function* () {
        yield* (yield* FakeManagementPlane).behaveAtRegistration(() => answered(status));
        const run = yield* withUrl();
        assert.strictEqual(run.code, 10, run.everything);
        assert.include(run.everything, `HTTP ${status}: the plane's reason`);
        assert.include(run.stderr, `tare install identity.json --yes --serve-url ${URL}`);
        assert.deepStrictEqual(yield* writesOf("tare"), []);
        assert.deepStrictEqual(run.invocations, []);
      }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect.each([
    ["does not answer", { _tag: "Reset", taken: false }],
    ["is not ready", answered(503)],
    ["is busy", answered(429)],
  ] as const)("is a warning where the plane %s, and soon", ([_, behaviour]) =>
    Effect.gen(function* () {
      yield* (yield* FakeManagementPlane).behaveAtRegistration(() => behaviour);
      const run = yield* withUrl(["--output", "json"]);
      assert.strictEqual(run.code, 0, run.everything);
      assert.include(
        summaryOf(run.stdout).warnings.map(({ code }) => code),
        "serve-url-not-registered",
      );
    }).pipe(Effect.provide(world(EMPTY))),
  );

  it.effect("is tried once more where a moment is enough", () =>
    Effect.gen(function* () {
      const plane = yield* FakeManagementPlane;
      yield* plane.behaveAtRegistration((attempt) => answered(attempt < 3 ? 502 : 204));
      const run = yield* withUrl();
      assert.notInclude(run.everything, "warning");
      assert.lengthOf(yield* plane.registrations, 1);
    }).pipe(Effect.provide(world(EMPTY))),
  );
});
