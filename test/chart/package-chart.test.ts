import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type CrdLock,
  checkPackaged,
  contentSha256,
  main,
  planPackage,
  splitDocuments,
} from "../../scripts/package-chart.ts";

const crd = (name: string, extra = "") => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${name}
spec:
  text: |
    ---
    not a separator
  maximum: 9223372036854775807
${extra}`;

const wolves = crd("wolves.example.org");
const foxes = crd("foxes.example.org");
const locked = (file: string, name: string, text: string) => ({
  file,
  crd: name,
  sha256: createHash("sha256").update(text).digest("hex"),
  contentSha256: contentSha256(text),
});
const lock: CrdLock = {
  bundles: [
    {
      project: "example/zoo",
      tag: "v1.0.0",
      files: [
        locked("zoo_wolves.yaml", "wolves.example.org", wolves),
        locked("zoo_foxes.yaml", "foxes.example.org", foxes),
      ],
    },
  ],
};
const release = `# License
---
#
# config/crd/wolves.yaml
#
${wolves}
--- # a note
apiVersion: v1
kind: Namespace
metadata: {name: zoo}
---
${foxes}---
# the end
`;

describe("what goes into the chart", () => {
  it("takes files whose bytes are pinned, under whatever name", () => {
    const inputs = [
      { name: "a.yaml", text: wolves },
      { name: "b.yaml", text: foxes },
    ];
    const { files, problems } = planPackage(lock, inputs);
    expect(problems).toEqual([]);
    expect(files).toEqual([
      { name: "zoo_foxes.yaml", text: foxes },
      { name: "zoo_wolves.yaml", text: wolves },
    ]);
  });

  it("takes the same objects out of an official release file and passes over what is no CRD", () => {
    const { files, problems } = planPackage(lock, [{ name: "install.yaml", text: release }]);
    expect(problems).toEqual([]);
    expect(files.map(({ name }) => name)).toEqual(["zoo_foxes.yaml", "zoo_wolves.yaml"]);
    expect(checkPackaged(lock, files)).toEqual([]);
  });

  it("reports everything that is wrong, missing, extra or unreadable at once", () => {
    const inputs = [
      { name: "wolves.yaml", text: wolves.replace("5807", "5806") },
      { name: "cats.yaml", text: crd("cats.example.org") },
      { name: "broken.yaml", text: "a: [" },
    ];
    const { problems } = planPackage(lock, inputs);
    expect(problems.map((problem) => problem.split(":", 1)[0])).toEqual([
      "wrong",
      "extra",
      "unreadable",
      "missing",
    ]);
    expect(problems.join("\n")).toContain(
      "foxes.example.org (zoo_foxes.yaml of example/zoo v1.0.0)",
    );
  });

  it("knows content by meaning, not by layout, and sees every digit", () => {
    expect(contentSha256("b: 1\na: [x]\n")).toBe(contentSha256("# c\na:\n  - x\nb: 1\n"));
    expect(contentSha256("a: 9223372036854775807")).not.toBe(
      contentSha256("a: 9223372036854775806"),
    );
    expect(contentSha256("a: 1")).not.toBe(contentSha256("a: '1'"));
  });

  it("splits at separators only", () => {
    expect(splitDocuments(release)).toHaveLength(3);
    expect(splitDocuments(wolves)).toHaveLength(1);
  });
});

describe("the command", () => {
  let dir: string;
  const folder = () => join(dir, "chart", "charts", "crds", "crds");
  const run = (...args: string[]) => main(args, join(dir, "chart"));
  beforeEach(() => {
    vi.spyOn(console, "log").mockReturnValue();
    vi.spyOn(console, "error").mockReturnValue();
    dir = mkdtempSync(join(tmpdir(), "package-chart-"));
    mkdirSync(folder(), { recursive: true });
    mkdirSync(join(dir, "in"));
    writeFileSync(join(dir, "chart", "crds.lock.json"), JSON.stringify(lock));
    writeFileSync(join(folder(), "tars.tetrate.ai_ours.yaml"), "ours");
    writeFileSync(join(dir, "in", "README.md"), "not YAML");
    writeFileSync(join(dir, "in", "wolves.yaml"), wolves);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(dir, { recursive: true });
  });

  it("packages, checks and cleans; our own CRDs stay", () => {
    writeFileSync(join(dir, "in", "foxes.yaml"), foxes);
    writeFileSync(join(folder(), "stale.yaml"), "of an older lock");
    expect(run("--check")).toBe(1);
    expect(run("--crds-from", join(dir, "in"))).toBe(0);
    expect(run("--check")).toBe(0);
    expect(readdirSync(folder())).toEqual([
      "tars.tetrate.ai_ours.yaml",
      "zoo_foxes.yaml",
      "zoo_wolves.yaml",
    ]);
    expect(run("--clean")).toBe(0);
    expect(readdirSync(folder())).toEqual(["tars.tetrate.ai_ours.yaml"]);
    expect(run("--check")).toBe(1);
  });

  it("writes nothing when anything is amiss", () => {
    expect(run("--crds-from", join(dir, "in"))).toBe(1);
    expect(existsSync(join(folder(), "zoo_wolves.yaml"))).toBe(false);
    expect(run("--crds-from", join(dir, "nowhere"))).toBe(1);
  });

  it("takes several sources, files among them", () => {
    writeFileSync(join(dir, "foxes.yaml"), foxes);
    const sources = ["--crds-from", join(dir, "in"), "--crds-from", join(dir, "foxes.yaml")];
    expect(run(...sources)).toBe(0);
  });

  it("refuses what it does not understand", () => {
    expect(run()).toBe(2);
    expect(run("--check", "--clean")).toBe(2);
    expect(run("--nonsense")).toBe(2);
  });

  it("notices a packaged file that was changed", () => {
    cpSync(join(dir, "in", "wolves.yaml"), join(folder(), "zoo_wolves.yaml"));
    writeFileSync(join(folder(), "zoo_foxes.yaml"), foxes);
    expect(run("--check")).toBe(0);
    writeFileSync(join(folder(), "zoo_foxes.yaml"), `${foxes}  more: 1\n`);
    expect(run("--check")).toBe(1);
  });
});

describe("the chart's own lock", () => {
  const path = join(import.meta.dirname, "..", "..", "chart", "crds.lock.json");
  const own = JSON.parse(readFileSync(path, "utf8")) as CrdLock;

  it("pins 22 CRDs of three projects, each by two full hashes", () => {
    expect(own.bundles.map(({ project, tag, files }) => [project, tag, files.length])).toEqual([
      ["envoyproxy/gateway", "v1.8.3", 8],
      ["kubernetes-sigs/gateway-api", "v1.5.1", 8],
      ["envoyproxy/ai-gateway", "v1.1.0", 6],
    ]);
    for (const { file, crd, sha256, contentSha256 } of own.bundles.flatMap(({ files }) => files)) {
      const [plural, ...group] = crd.split(".");
      expect(file).toBe(`${group.join(".")}_${plural}.yaml`);
      expect([sha256, contentSha256].join()).toMatch(/^[0-9a-f]{64},[0-9a-f]{64}$/);
    }
  });
});
