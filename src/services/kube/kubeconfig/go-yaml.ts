/**
 * YAML as kubectl reads it: what Go's parser makes of a plain scalar (YAML 1.1), the last of two equal keys wins, tabs and
 * further documents are no mistakes. Every value keeps its line, so that a mistake can be named without being shown.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLError,
  type YAMLMap,
} from "yaml";

export type GoValue = { readonly line: number } & (
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "list"; readonly items: ReadonlyArray<GoValue> }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, GoValue> }
);

/** A mistake in a file: where, and in words that quote nothing of it. */
export interface Fault {
  readonly line: number;
  /** The way to the field, e.g. `users[0].user.token`; empty for the whole file. */
  readonly field: string;
  readonly problem: string;
}

export const isFault = (value: GoValue | Fault): value is Fault => "problem" in value;

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:|~|null|Null|NULL)$/;
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)$/;
const FLOAT =
  /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const LONG_TAG = "tag:yaml.org,2002:";
const STRING_TAGS = [`${LONG_TAG}str`, "!"];

const plainScalar = (text: string, line: number): GoValue => {
  if (NULL.test(text)) return { kind: "null", line };
  if (TRUE.test(text)) return { kind: "boolean", value: true, line };
  if (FALSE.test(text)) return { kind: "boolean", value: false, line };
  const digits = text.replaceAll("_", "");
  if (/^[-+.0-9]/.test(text) && (INTEGER.test(digits) || FLOAT.test(digits))) {
    return { kind: "number", value: Number(digits.replace(/^\+/, "")), line };
  }
  return { kind: "string", value: text, line };
};

/** Mistakes only for newer rules of YAML, or that Go's parser does not look for. */
const NO_MISTAKE: ReadonlySet<YAMLError["code"]> = new Set([
  "MULTIPLE_DOCS",
  "DUPLICATE_KEY",
  "TAG_RESOLVE_FAILED",
] as const);

/** Go's parser reads no further than the document's end, which a closing bracket is. */
const isAfterEnd = ({ pos: [at] }: YAMLError, contents: Node | null): boolean =>
  isCollection(contents) && contents.flow === true && at >= (contents.range?.[1] ?? Infinity);

const WORDS: Partial<Record<YAMLError["code"], string>> = {
  BAD_ALIAS: "an alias names no anchor",
  BAD_DIRECTIVE: "a directive is not one of YAML",
  BAD_INDENT: "the indentation is wrong",
  BLOCK_IN_FLOW: "a block collection stands inside brackets",
  MISSING_CHAR: "a closing quote, bracket or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key spans several lines: a quote or a colon may be missing",
  TAB_AS_INDENT: "the indentation has a tab",
  UNEXPECTED_TOKEN: "something stands where YAML allows nothing",
  BAD_DQ_ESCAPE: "a double-quoted text has an unknown escape",
};

/** Aliases can make a small file a huge tree. */
const MOST_VALUES = 200_000;

class Unreadable extends Error {
  readonly fault: Fault;
  constructor(line: number, problem: string) {
    super(problem);
    this.fault = { line, field: "", problem };
  }
}

const reader = (document: Document.Parsed, lines: LineCounter) => {
  let count = 0;
  const open = new Set<Node>();

  const lineOf = (node: { readonly range?: readonly [number, ...unknown[]] | null }): number =>
    node.range == null ? 1 : lines.linePos(node.range[0]).line;

  const aliased = (alias: Alias): Node => {
    const target = alias.resolve(document);
    if (target === undefined || open.has(target)) {
      throw new Unreadable(lineOf(alias), "an alias leads to nothing or to itself");
    }
    return target;
  };

  const scalar = (node: Scalar, line: number): GoValue => {
    const text = typeof node.source === "string" ? node.source : String(node.value ?? "");
    if (node.tag !== undefined && STRING_TAGS.includes(node.tag)) {
      return { kind: "string", value: text, line };
    }
    if (node.tag === `${LONG_TAG}binary`) {
      return { kind: "string", value: Buffer.from(text, "base64").toString(), line };
    }
    const isPlain = node.type === Scalar.PLAIN || node.type === undefined;
    return isPlain || node.tag?.startsWith(LONG_TAG) === true
      ? plainScalar(text, line)
      : { kind: "string", value: text, line };
  };

  const keyOf = (key: unknown, line: number): string => {
    const value = read(key as Node | null, line);
    if (value.kind === "string" || value.kind === "boolean" || value.kind === "number") {
      return String(value.value);
    }
    throw new Unreadable(value.line, "a key is not a text");
  };

  const merge = (into: Map<string, GoValue>, value: Node | null, line: number): void => {
    const source = value !== null && isAlias(value) ? aliased(value) : value;
    if (source !== null && isSeq(source)) {
      // The first of several wins.
      for (const item of source.items.toReversed()) merge(into, item as Node, line);
      return;
    }
    if (source === null || !isMap(source)) throw new Unreadable(line, "<< takes maps only");
    fill(into, source, line);
  };

  const isMergeKey = (key: unknown): boolean =>
    isScalar(key) && key.type === Scalar.PLAIN && key.source === "<<";

  const fill = (into: Map<string, GoValue>, map: YAMLMap, line: number): void => {
    open.add(map);
    for (const { key, value } of map.items as ReadonlyArray<Pair<Node | null, Node | null>>) {
      const at = key === null ? line : lineOf(key);
      if (isMergeKey(key)) merge(into, value, at);
      else into.set(keyOf(key, at), read(value, at));
    }
    open.delete(map);
  };

  const read = (node: Node | null, near: number): GoValue => {
    count += 1;
    if (count > MOST_VALUES) throw new Unreadable(near, "it has too many values");
    if (node === null) return { kind: "null", line: near };
    const line = lineOf(node);
    if (isAlias(node)) return read(aliased(node), line);
    if (isScalar(node)) return scalar(node, line);
    if (isMap(node)) {
      const entries = new Map<string, GoValue>();
      fill(entries, node, line);
      return { kind: "map", entries, line };
    }
    if (isSeq(node)) {
      open.add(node);
      const items = node.items.map((item) => read(item as Node | null, line));
      open.delete(node);
      return { kind: "list", items, line };
    }
    throw new Unreadable(line, "it has a node of no kind that YAML knows");
  };

  return read;
};

/** What YAML forbids. Go's parser takes NUL for the end of the text. */
const CONTROL = /(?![\0\t\n\r\u0085])\p{Cc}|[\ufffe\uffff]/u;

/** The first document; an empty file is `null`. */
export const parseGoYaml = (source: string): GoValue | Fault => {
  const lines = new LineCounter();
  // A carriage return alone ends a line too.
  const text = source.replaceAll(/\r(?!\n)/g, "\n");
  const control = CONTROL.exec(text);
  if (control !== null) {
    const line = text.slice(0, control.index).split("\n").length;
    return { line, field: "", problem: "not valid YAML: it has a control character" };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      logLevel: "silent",
      prettyErrors: false,
      schema: "failsafe",
      strict: false,
      stringKeys: false,
      uniqueKeys: false,
    });
    const mistake = document.errors.find(
      (error) => !NO_MISTAKE.has(error.code) && !isAfterEnd(error, document.contents),
    );
    if (mistake !== undefined) {
      const { line, col } = lines.linePos(mistake.pos[0]);
      const words = WORDS[mistake.code] ?? "the syntax is wrong";
      return { line, field: "", problem: `not valid YAML: ${words} (column ${col})` };
    }
    return reader(document, lines)(document.contents, 1);
  } catch (cause) {
    if (cause instanceof Unreadable) return cause.fault;
    if (cause instanceof RangeError)
      return { line: 1, field: "", problem: "it is nested too deeply" };
    throw cause;
  }
};
