import { assert, describe, it } from "@effect/vitest";
import { helmIgnores } from "../../../src/domain/helm/ignore.ts";

const RULES = `
# a comment
crds.lock.json
*.tgz
docs/
?.txt
`;

describe("what Helm leaves out of a chart", () => {
  const ignores = helmIgnores(RULES);

  it.each(["crds.lock.json", "sub/crds.lock.json", "a.tgz", "docs/a.md", "a/docs/b/c", "a.txt"])(
    "is %s",
    (path) => assert.isTrue(ignores?.(path)),
  );

  it.each([
    "Chart.yaml",
    "crds_lock.json",
    "a.tgz.asc",
    "docs",
    "a/docs",
    "docsy/a",
    "ab.txt",
    "# a comment",
  ])("is not %s", (path) => assert.isFalse(ignores?.(path)));

  it("is nothing by default", () => {
    assert.isFalse(helmIgnores("")?.("anything"));
  });

  it.each(["!keep.me", "/rooted", "a/b", "[ab].txt", "**", "back\\slash"])(
    "is not known when a rule says %s",
    (rule) => assert.isUndefined(helmIgnores(`a\n${rule}\n`)),
  );
});
