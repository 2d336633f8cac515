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

/** What an operation can be given another one of: a service, or a setting with a default. */
const PORTS = files
  .filter(
    ({ path, text }) =>
      path.startsWith("services/") && /\bContext\.(?:Service|Reference)\b/.test(text),
  )
  .map(({ path }) => path);

/** The same words in every layer, for what belongs together. */
const ROOMS = [
  "access",
  "chart",
  "checks",
  "crds",
  "disk",
  "events",
  "fields",
  "helm",
  "hints",
  "hold",
  "identity",
  "images",
  "install",
  "kube",
  "lock",
  "plan",
  "processes",
  "release",
  "report",
  "rollout",
  "run",
  "streams",
  "text",
  "tools",
  "uninstall",
  "values",
];

const MOST_FILES_IN_A_ROOM = 12;

/** Who may know whom; a layer knows itself, and no arrow runs back up. */
interface Layer {
  readonly files: ReadonlyArray<string>;
  readonly knows: ReadonlyArray<string>;
  /** Whether it runs against ports alone, whatever layer an operation is given. */
  readonly isPortable?: boolean;
}

const LAYERS: Readonly<Record<string, Layer>> = {
  domain: { files: ["domain"], knows: [] },
  /** Data to words: plain functions. */
  words: { files: ["words"], knows: ["domain"], isPortable: true },
  errors: { files: ["errors", "errors.ts"], knows: ["domain", "words"] },
  services: { files: ["services"], knows: ["domain", "words"] },
  phases: {
    files: ["phases", "pipeline.ts"],
    knows: ["domain", "words", "errors", "version"],
    isPortable: true,
  },
  operations: {
    files: ["operations"],
    knows: ["domain", "words", "errors", "phases", "version"],
    isPortable: true,
  },
  render: { files: ["render"], knows: ["domain", "words", "errors"], isPortable: true },
  cli: {
    files: ["cli"],
    knows: ["domain", "words", "errors", "phases", "operations", "render", "services", "version"],
  },
  version: { files: ["version.ts"], knows: [] },
  entries: {
    files: [
      "main.ts",
      "executable.ts",
      "index.ts",
      "run-upgrade.ts",
      "live.ts",
      "answers.ts",
      "v8-flags.ts",
    ],
    knows: ["domain", "errors", "phases", "operations", "render", "services", "cli", "version"],
  },
};

const layersOf = (path: string): ReadonlyArray<string> =>
  Object.entries(LAYERS).flatMap(([layer, { files: rooms }]) =>
    rooms.some((room) => path === room || path.startsWith(`${room}/`)) ? [layer] : [],
  );

it("there is something to look at", () => {
  assert.isAbove(inside("domain").length, 10);
  assert.isAbove(inside("phases").length, 3);
  assert.isAbove(files.flatMap(ours).length, 50);
});

describe("layers", () => {
  it("have every file of src, once", () => {
    const homeless = files.filter(({ path }) => layersOf(path).length !== 1);
    assert.deepStrictEqual(
      homeless.map(({ path }) => path),
      [],
    );
  });

  it.each(Object.entries(LAYERS))(
    "%s knows what it may",
    (layer, { files: own, knows, isPortable }) => {
      const allowed = (name: string) =>
        layersOf(name).some((other) => other === layer || knows.includes(other)) ||
        (isPortable === true && PORTS.includes(name)) ||
        name.endsWith(".json");
      assert.deepStrictEqual(
        offenders(inside(...own), ours, (name) => !allowed(name)),
        [],
      );
    },
  );

  it("that are portable name no live layer of a service", () => {
    const mentions = Object.values(LAYERS)
      .filter(({ isPortable }) => isPortable)
      .flatMap(({ files: own }) => inside(...own))
      .filter(({ text, path }) => !path.startsWith("render/") && /\.layer[A-Z]?\w*/.test(text));
    assert.deepStrictEqual(
      mentions.map(({ path }) => path),
      [],
    );
  });

  it("have no circle of files", () => {
    const imports = new Map(files.map((file) => [file.path, ours(file)]));
    const done = new Set<string>();
    const circles: Array<string> = [];
    const walk = (path: string, above: ReadonlyArray<string>): void => {
      if (above.includes(path)) {
        circles.push([...above.slice(above.indexOf(path)), path].join(" > "));
        return;
      }
      if (done.has(path)) return;
      done.add(path);
      for (const name of imports.get(path) ?? []) walk(name, [...above, path]);
    };
    for (const { path } of files) walk(path, []);
    assert.deepStrictEqual(circles, []);
  });
});

describe("rooms", () => {
  const folders = new Set(files.map(({ path }) => path.split("/").slice(0, -1).join("/")));

  it("have the same names in domain, words, services and phases", () => {
    const strange = [...folders].filter((folder) => {
      const [layer = "", room] = folder.split("/");
      return (
        ["domain", "words", "services", "phases"].includes(layer) &&
        !(room !== undefined && ROOMS.includes(room))
      );
    });
    assert.deepStrictEqual(strange, []);
  });

  it("are all used", () => {
    const used = new Set([...folders].map((folder) => folder.split("/")[1]));
    assert.deepStrictEqual(
      ROOMS.filter((room) => !used.has(room)),
      [],
    );
  });

  it(`have ${MOST_FILES_IN_A_ROOM} files at the most`, () => {
    const full = [...folders].filter(
      (folder) =>
        folder !== "" &&
        files.filter(({ path }) => path.split("/").slice(0, -1).join("/") === folder).length >
          MOST_FILES_IN_A_ROOM,
    );
    assert.deepStrictEqual(full, []);
  });
});

describe("domain", () => {
  const domain = inside("domain");

  it("reaches nothing outside: Effect's stable core, hashes and keys, the server's kind of expressions", () => {
    const allowed = new Set(["effect", "node:crypto", "re2js"]);
    assert.deepStrictEqual(
      offenders(domain, foreign, (name) => !allowed.has(name)),
      [],
    );
    assert.deepStrictEqual(domain.flatMap(importsUnstableName), []);
  });
});

describe("words", () => {
  const words = inside("words");

  it("reach nothing outside, and do nothing: a function of data gives a text", () => {
    assert.deepStrictEqual(
      offenders(words, foreign, (name) => name !== "effect"),
      [],
    );
    const effects = words.filter(({ text }) => /\bEffect\b/.test(text));
    assert.deepStrictEqual(
      effects.map(({ path }) => path),
      [],
    );
  });
});

describe("phases and operations", () => {
  const phases = inside(
    ...["phases", "operations", "errors"].flatMap((layer) => LAYERS[layer]?.files ?? []),
  );

  it("use only what is stable in Effect, and nothing of Node", () => {
    assert.deepStrictEqual(
      offenders(phases, foreign, (name) => name !== "effect"),
      [],
    );
    assert.deepStrictEqual(phases.flatMap(importsUnstableName), []);
  });
});

describe("ports", () => {
  it("are there, and named like their service", () => {
    assert.isAbove(PORTS.length, 20);
  });

  it("and the layers beside them know other ports and the domain only", () => {
    const ports = files.filter(({ path }) => PORTS.includes(path));
    assert.deepStrictEqual(
      offenders(
        ports,
        ours,
        (name) => !name.startsWith("domain/") && !PORTS.includes(name) && !name.endsWith(".json"),
      ),
      [],
    );
    assert.deepStrictEqual(
      offenders(ports, foreign, (name) => UNSTABLE.test(name)),
      [],
    );
  });
});

/** Words between two others; a name, a path or a flag is none. */
const BETWEEN_WORDS = /[A-Za-z]{2,}[,:;]? (?=[A-Za-z$(])/g;

/** What completes `could not …` in an error. */
const DOING = /(?:doing: |unavailable(?:OrForbidden)?\(\s*)(?:"[^"]*"|`[^`]*`)/g;

const saysSomething = ({ text }: SourceFile): boolean =>
  (text.replace(DOING, "").match(/"[^"\n]*"|`[^`]*`/g) ?? []).some(
    (literal) => [...literal.matchAll(BETWEEN_WORDS)].length >= 2,
  );

/** What looks like words and is none for an operator, and why. */
const WORDED: Readonly<Record<string, ReadonlyArray<string>>> = {
  "words of Helm's and the API server's, to know them by": [
    "domain/checks/admission-refusal.ts",
    "domain/events/recorded-revision.ts",
    "domain/helm/listed-last.ts",
    "domain/helm/outcome.ts",
  ],
  "an expression that the API server evaluates": ["domain/hold/objects.ts"],
  "the name of a phase, a line of the product page": [
    "phases/install/prepare.ts",
    "phases/release/discover.ts",
    "phases/uninstall/finalizers.ts",
  ],
};

describe("sentences", () => {
  const worded = inside("domain", "phases", "operations").filter(saysSomething);
  const known = Object.values(WORDED).flat();
  const isIn = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

  it("are made in words, render and errors: decisions are data", () => {
    const others = worded.filter(({ path }) => !known.some((place) => isIn(path, place)));
    assert.deepStrictEqual(
      others.map(({ path }) => path),
      [],
    );
  });

  it("are none where the reasons are not", () => {
    const idle = known.filter((place) => !worded.some(({ path }) => isIn(path, place)));
    assert.deepStrictEqual(idle, []);
  });
});

describe("exports", () => {
  const ROOT = resolve(SRC, "..");
  const USERS = ["src", "test", "bench", "scripts", "examples"];
  const IMPORTED =
    /(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s+from\s+["'](\.[^"']+)["']/g;
  const EXPORTED =
    /^export (?:declare )?(?:abstract )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;

  const sources = USERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(ROOT, folder, name)),
  );
  /** `file name` for each, and `file *` for all of a file. */
  const used = new Set(
    sources.flatMap((user) =>
      [...readFileSync(user, "utf8").matchAll(IMPORTED)].flatMap(([, names = "", from = ""]) => {
        const file = resolve(user, "..", from);
        return names.startsWith("*")
          ? [`${file} *`]
          : names
              .slice(1, -1)
              .split(",")
              .map(
                (name) =>
                  `${file} ${
                    name
                      .trim()
                      .replace(/^type /, "")
                      .split(" ")[0]
                  }`,
              );
      }),
    ),
  );

  /** The compiler spells these out in the declarations of what others export. */
  const SPELT_OUT = [
    "HaInput",
    "JudgedPods",
    "PreflightInput",
    "CrdsInput",
    "HelmUpgradeInput",
    "HelmInstallInput",
    "ConfigureInput",
    "PrepareInput",
    "HelmInstallInput",
    "ConfigureInput",
    "PrepareInput",
    "PlanInput",
    "DiscoverInput",
    "DeleteOptions",
    "PatchOptions",
  ];

  it("are imported somewhere, or part of the library", () => {
    const unused = files.flatMap(({ path, text }) => {
      const file = resolve(SRC, path);
      return used.has(`${file} *`)
        ? []
        : [...text.matchAll(EXPORTED)].flatMap(([, name]) =>
            used.has(`${file} ${name}`) || SPELT_OUT.includes(name ?? "")
              ? []
              : [`${path}: ${name}`],
          );
    });
    assert.deepStrictEqual(unused, []);
  });

  it("have no stand-ins that know nothing", () => {
    const mocked = files.filter(({ text }) => /\bLayer\.mock\b/.test(text));
    assert.deepStrictEqual(
      mocked.map(({ path }) => path),
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
      ({ path }) =>
        !/^(?:services|cli)\//.test(path) &&
        !["main.ts", "live.ts", "run-upgrade.ts"].includes(path),
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
      "render/text/print.ts",
      "render/text/ReporterText.ts",
      "render/text/yes-or-no.ts",
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
