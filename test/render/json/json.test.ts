import { assert, it } from "@effect/vitest";
import { renderJson } from "../../../src/render/json/json.ts";

const ended = (complete: boolean) =>
  renderJson({ _tag: "ToolDownloadEnded", tool: "helm", version: "4.2.4", bytes: 0, complete });

it("a download that broke off is no download of 0 bytes", () => {
  assert.deepStrictEqual(ended(false), {
    type: "tool",
    tool: "helm",
    version: "4.2.4",
    state: "failed",
  });
  assert.deepInclude(ended(true), { state: "downloaded", bytes: 0 });
});
