/** The architecture as a test: who may know whom. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { assert, describe, it } from "@effect/vitest";

const SRC = resolve(import.meta.dirname, "../src");

interface SourceFile {
  /** From `src/`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: ReadonlyArray<string>;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?:[^;'"]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");

const files: ReadonlyArray<SourceFile> = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const text = withoutComments(readFileSync(join(SRC, name), "utf8"));
    const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
    return { path: name.replaceAll("\\", "/"), text, imports };
  });

const inside = (...rooms: ReadonlyArray<string>) =>
  files.filter(({ path }) => rooms.some((room) => path === room || path.startsWith(`${room}/`)));

/** Imports of our own files, as paths from `src/`. */
const ours = ({ path, imports }: SourceFile): ReadonlyArray<string> =>
  imports
    .filter((name) => name.startsWith("."))
    .map((name) => relative(SRC, resolve(SRC, path, "..", name)).replaceAll("\\", "/"));

const foreign = ({ imports }: SourceFile): ReadonlyArray<string> =>
  imports.filter((name) => !name.startsWith("."));

const offenders = (
  suspects: ReadonlyArray<SourceFile>,
  names: (file: SourceFile) => ReadonlyArray<string>,
  isWrong: (name: string) => boolean,
): ReadonlyArray<string> =>
  suspects.flatMap((file) =>
    names(file)
      .filter(isWrong)
      .map((name) => `${file.path} imports ${name}`),
  );

/** Modules of Effect that may change in a minor release. */
const UNSTABLE = /^effect\/|^@effect\//;
const UNSTABLE_NAMES = ["FileSystem", "Path", "Terminal", "Stdio", "PlatformError"];

const importsUnstableName = ({ text }: SourceFile): ReadonlyArray<string> =>
  [...text.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']effect["']/g)]
    .flatMap((match) => (match[1] ?? "").split(","))
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type /, "")
          .split(" ")[0] ?? "",
    )
    .filter((name) => UNSTABLE_NAMES.includes(name));

/** A service's port is named like the service; its layers live in files of their own or beside it as statics. */
const PORTS = [
  "ChartSource",
  "Confirmation",
  "CrdBackups",
  "CurrentHelmDriver",
  "EventOutbox",
  "FailureReports",
  "Helm",
  "JournalFiles",
  "Kubectl",
  "OperatorShell",
  "OperatorSignals",
  "ManagementPlane",
  "ProcessTable",
  "ProxyHold",
  "ProxyStats",
  "ReleaseLock",
  "ReleaseRecords",
  "Reporter",
  "RolloutGate",
  "RunJournal",
  "ToolCache",
].map((name) => `services/${name}.ts`);

it("there is something to look at", () => {
  assert.isAbove(inside("domain").length, 10);
  assert.isAbove(inside("phases").length, 3);
  assert.isAbove(files.flatMap(ours).length, 50);
});

describe("domain", () => {
  const domain = inside("domain");

  it("knows nothing of ours but itself", () => {
    assert.deepStrictEqual(
      offenders(domain, ours, (name) => !name.startsWith("domain/")),
      [],
    );
  });

  it("reaches nothing outside: Effect's stable core, hashes and keys", () => {
    const allowed = new Set(["effect", "node:crypto"]);
    assert.deepStrictEqual(
      offenders(domain, foreign, (name) => !allowed.has(name)),
      [],
    );
    assert.deepStrictEqual(domain.flatMap(importsUnstableName), []);
  });
});

describe("phases, pipeline and upgrade", () => {
  const phases = inside(
    "phases",
    "pipeline.ts",
    "upgrade.ts",
    "doctor.ts",
    "history.ts",
    "errors.ts",
    "errors",
  );

  it("know the ports of services, never a layer that reaches out", () => {
    const rooms = ["domain/", "phases/", "pipeline.ts", "errors.ts", "errors/", "version.ts"];
    const allowed = (name: string) =>
      PORTS.includes(name) || rooms.some((room) => name.startsWith(room));
    assert.deepStrictEqual(
      offenders(phases, ours, (name) => !allowed(name)),
      [],
    );
    const mentions = phases.filter(({ text }) => /\.layer[A-Z]?\w*/.test(text));
    assert.deepStrictEqual(
      mentions.map(({ path }) => path),
      [],
    );
  });

  it("use only what is stable in Effect, and nothing of Node", () => {
    assert.deepStrictEqual(
      offenders(phases, foreign, (name) => name !== "effect"),
      [],
    );
    assert.deepStrictEqual(phases.flatMap(importsUnstableName), []);
  });
});

describe("ports", () => {
  it("exist", () => {
    const missing = PORTS.filter((port) => !files.some(({ path }) => path === port));
    assert.deepStrictEqual(missing, []);
  });

  it("and the layers beside them know other ports and the domain only", () => {
    const ports = files.filter(({ path }) => PORTS.includes(path));
    assert.deepStrictEqual(
      offenders(ports, ours, (name) => !name.startsWith("domain/") && !PORTS.includes(name)),
      [],
    );
    assert.deepStrictEqual(
      offenders(ports, foreign, (name) => UNSTABLE.test(name)),
      [],
    );
  });

  it("services do not know who uses them", () => {
    assert.deepStrictEqual(
      offenders(
        inside("services"),
        ours,
        (name) => !name.startsWith("domain/") && !name.startsWith("services/"),
      ),
      [],
    );
  });
});

/** What stands between the brackets of each call. */
const argumentsOf = (text: string, called: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(called)].map((match) => {
    const begin = match.index + match[0].length;
    let depth = 1;
    let end = begin;
    while (depth > 0 && end < text.length) {
      if (text[end] === "(") depth += 1;
      if (text[end] === ")") depth -= 1;
      end += 1;
    }
    return text.slice(begin, end - 1);
  });

describe("warnings", () => {
  it("are data where they are given; their words are made in render", () => {
    const worded = files.filter(({ text }) =>
      argumentsOf(text, /\bwarn\(/g).some((given) =>
        (given.match(/"[^"]*"|'[^']*'|`[^`]*`/g) ?? []).some((text) => /\S \S/.test(text)),
      ),
    );
    assert.deepStrictEqual(
      worded.map(({ path }) => path),
      [],
    );
  });
});

describe("the edges", () => {
  it("effect/cli is known to the command line alone", () => {
    const others = files.filter(({ path }) => !path.startsWith("cli/") && path !== "main.ts");
    assert.deepStrictEqual(
      offenders(others, foreign, (name) => name === "effect/cli"),
      [],
    );
  });

  it("processes, HTTP and files of the platform are known to services and the entry alone", () => {
    const others = files.filter(
      ({ path }) => !/^(?:services|cli)\//.test(path) && !["main.ts", "live.ts"].includes(path),
    );
    assert.deepStrictEqual(
      offenders(others, foreign, (name) => UNSTABLE.test(name)),
      [],
    );
  });

  it("nobody imports the barrel of the platform package, which loads half of the world", () => {
    assert.deepStrictEqual(
      offenders(files, foreign, (name) => name === "@effect/platform-node"),
      [],
    );
  });

  it("only rendering, the command line and the entries print", () => {
    const others = files.filter(
      ({ path }) => !/^(?:render|cli)\/|^(?:main|executable)\.ts$/.test(path),
    );
    const printing = others.filter(({ text }) =>
      /\bconsole\.|\bprocess\.std(?:out|err)\b|\bConsole\.(?:log|error|warn|info)\b/.test(text),
    );
    assert.deepStrictEqual(
      printing.map(({ path }) => path),
      [],
    );
  });

  it("everything printed is made visible first: by the reporters, or line by line", () => {
    const throughHere = [
      "render/print.ts",
      "render/ReporterText.ts",
      "render/ConfirmationTerminal.ts",
    ];
    const others = files.filter(
      ({ path }) => /^(?:render|cli)\//.test(path) && !throughHere.includes(path),
    );
    const printing = others.filter(({ text }) =>
      /\bconsole\.|\bConsole\.(?:log|error|warn|info)\b/.test(
        text.replace(/Console\.log\(`tare \$\{version\}`\)/, ""),
      ),
    );
    assert.deepStrictEqual(
      printing.map(({ path }) => path),
      [],
    );
  });

  it("every import of ours names the file it means", () => {
    assert.deepStrictEqual(
      offenders(
        files,
        ({ imports }) => imports.filter((name) => name.startsWith(".")),
        (name) => !/\.(?:ts|json)$/.test(name),
      ),
      [],
    );
  });
});
