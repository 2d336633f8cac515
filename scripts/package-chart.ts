/**
 * Puts the upstream CRDs, which the repository does not hold, into the chart, and takes them out again.
 *
 *   node scripts/package-chart.ts --crds-from <folder or file> [--crds-from ...]
 *   node scripts/package-chart.ts --check
 *   node scripts/package-chart.ts --clean
 *
 * What may go in is pinned in chart/crds.lock.json, twice for each CRD: `sha256` is that of the bytes of the
 * file in the project's source tree; `contentSha256` that of the parsed object, for official release files,
 * which hold the same objects as one stream of YAML documents. One of them must match.
 */
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Result } from "effect";
import { parse } from "yaml";
import { PARSED_CRDS_FILE, parseCrdFile, storedCrd } from "../src/services/chart/chart-crds.ts";

export interface LockedCrd {
  readonly file: string;
  readonly crd: string;
  readonly sha256: string;
  readonly contentSha256: string;
}

export interface CrdLock {
  readonly bundles: ReadonlyArray<{
    readonly project: string;
    readonly tag: string;
    readonly files: ReadonlyArray<LockedCrd>;
  }>;
}

export interface InputFile {
  readonly name: string;
  readonly text: string;
}

export interface PackagePlan {
  /** Every locked CRD that was found and is right. */
  readonly files: ReadonlyArray<InputFile>;
  readonly problems: ReadonlyArray<string>;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON with sorted keys; whole numbers are bigints, so that no digit is lost on the way. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isRecord(value)) return typeof value === "bigint" ? `${value}` : JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

const read = (text: string): unknown => parse(text, { intAsBigInt: true });

/** Independent of layout, comments and the order of keys. */
export const contentSha256 = (text: string) => hash(canonical(read(text)));

/** The documents of a YAML stream, as text. A separator inside a block scalar is indented, so it is none. */
export const splitDocuments = (text: string): ReadonlyArray<string> =>
  text
    .split(/^---(?:[ \t]+#.*|[ \t]*)\r?$/m)
    .filter((part) => part.split("\n").some((line) => line.trim() !== "" && !line.startsWith("#")))
    .map((part) => `${part.trim()}\n`);

function crdName(document: string): string | undefined {
  const object = read(document);
  if (!isRecord(object) || object.kind !== "CustomResourceDefinition") return undefined;
  const name = isRecord(object.metadata) ? object.metadata.name : undefined;
  return typeof name === "string" ? name : "(a CRD without a name)";
}

const lockedFiles = (lock: CrdLock) => lock.bundles.flatMap((bundle) => bundle.files);

const matches = (locked: LockedCrd, text: string) =>
  hash(text) === locked.sha256 || contentSha256(text) === locked.contentSha256;

function missing(lock: CrdLock, found: ReadonlySet<string>): ReadonlyArray<string> {
  return lock.bundles.flatMap(({ project, tag, files }) =>
    files
      .filter(({ file }) => !found.has(file))
      .map(({ file, crd }) => `missing: ${crd} (${file} of ${project} ${tag})`),
  );
}

/** Finds every locked CRD in files that hold one or many objects. Objects that are no CRDs are passed over. */
export function planPackage(lock: CrdLock, inputs: ReadonlyArray<InputFile>): PackagePlan {
  const locked = lockedFiles(lock);
  const files = new Map<string, InputFile>();
  const problems: string[] = [];
  const seen = new Set<string>();
  const take = (wanted: LockedCrd, text: string) => {
    seen.add(wanted.file);
    files.set(wanted.file, { name: wanted.file, text });
  };
  for (const { name, text } of inputs) {
    const whole = locked.find(({ sha256 }) => sha256 === hash(text));
    if (whole) {
      take(whole, text);
      continue;
    }
    for (const document of splitDocuments(text)) {
      let crd: string | undefined;
      try {
        crd = crdName(document);
      } catch (error) {
        problems.push(`unreadable: ${name}: ${String(error).split("\n", 1)[0]}`);
        continue;
      }
      if (crd === undefined) continue;
      const wanted = locked.find((candidate) => candidate.crd === crd);
      if (!wanted) {
        problems.push(`extra: ${crd} in ${name} is not in the lock`);
      } else if (matches(wanted, document)) {
        take(wanted, document);
      } else {
        seen.add(wanted.file);
        problems.push(`wrong: ${crd} in ${name} is not the pinned one (sha256 ${wanted.sha256})`);
      }
    }
  }
  problems.push(...missing(lock, seen));
  return { files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** What keeps a chart's CRD folder, our own files aside, from being packaged. */
export function checkPackaged(
  lock: CrdLock,
  files: ReadonlyArray<InputFile>,
): ReadonlyArray<string> {
  const locked = new Map(lockedFiles(lock).map((entry) => [entry.file, entry]));
  const problems = files.flatMap(({ name, text }) => {
    const entry = locked.get(name);
    if (!entry) return [`extra: ${name} is not in the lock`];
    return matches(entry, text) ? [] : [`wrong: ${name} is not the pinned one`];
  });
  return [...problems, ...missing(lock, new Set(files.map(({ name }) => name)))];
}

const isOurs = (name: string) => name.startsWith(".") || name.startsWith("tars.tetrate.ai_");

const readFile = (path: string): InputFile => ({
  name: basename(path),
  text: readFileSync(path, "utf8"),
});

function readInputs(path: string): ReadonlyArray<InputFile> {
  if (!statSync(path).isDirectory()) return [readFile(path)];
  const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => readFile(join(path, name)));
}

const upstreamFiles = (folder: string) => readdirSync(folder).filter((name) => !isOurs(name));

/** So that a run need not parse megabytes of YAML; see src/services/chart/chart-crds.ts, which does not trust it blindly. */
function writeParsed(chart: string, folder: string): void {
  const file = join(chart, PARSED_CRDS_FILE);
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const parsed = names.map((name) => {
    const { text } = readFile(join(folder, name));
    return [hash(text), Result.getOrElse(parseCrdFile(text), () => undefined)?.map(storedCrd)];
  });
  writeFileSync(`${file}.tmp`, JSON.stringify(Object.fromEntries(parsed)));
  renameSync(`${file}.tmp`, file);
}

/** Written beside and renamed, so that an interrupted run leaves no half a CRD. */
function writeFiles(folder: string, files: ReadonlyArray<InputFile>): void {
  mkdirSync(folder, { recursive: true });
  const stale = new Set(upstreamFiles(folder));
  for (const { name, text } of files) {
    writeFileSync(join(folder, `${name}.tmp`), text);
    renameSync(join(folder, `${name}.tmp`), join(folder, name));
    stale.delete(name);
  }
  for (const name of stale) rmSync(join(folder, name));
}

const usage = "usage: package-chart.ts --crds-from <folder or file> [...] | --check | --clean";

export function main(
  args: ReadonlyArray<string>,
  chart = join(import.meta.dirname, "..", "chart"),
): number {
  const fail = (title: string, problems: ReadonlyArray<string>, code: number) => {
    console.error([title, ...problems.map((problem) => `  ${problem}`)].join("\n"));
    return code;
  };
  const folder = join(chart, "charts", "crds", "crds");
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        "crds-from": { type: "string", multiple: true },
        check: { type: "boolean" },
        clean: { type: "boolean" },
      },
    });
    const sources = values["crds-from"] ?? [];
    if (Number(sources.length > 0) + Number(!!values.check) + Number(!!values.clean) !== 1)
      return fail(usage, [], 2);
    if (values.clean) {
      for (const name of upstreamFiles(folder)) rmSync(join(folder, name));
      rmSync(join(chart, PARSED_CRDS_FILE), { force: true });
      console.log("The upstream CRDs are out of the chart.");
      return 0;
    }
    const lock = JSON.parse(readFileSync(join(chart, "crds.lock.json"), "utf8")) as CrdLock;
    if (values.check) {
      const files = upstreamFiles(folder).map((name) => readFile(join(folder, name)));
      const problems = checkPackaged(lock, files);
      if (problems.length > 0) return fail("The chart is not packaged:", problems, 1);
      console.log(`The chart is packaged: ${files.length} upstream CRDs, all as pinned.`);
      return 0;
    }
    const { files, problems } = planPackage(lock, sources.flatMap(readInputs));
    if (problems.length > 0) return fail("Nothing was written:", problems, 1);
    writeFiles(folder, files);
    writeParsed(chart, folder);
    console.log(`${files.length} upstream CRDs are in the chart, all as pinned.`);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const misused = isRecord(error) && String(error.code).startsWith("ERR_PARSE_ARGS");
    return fail(misused ? `${message}\n${usage}` : message, [], misused ? 2 : 1);
  }
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
