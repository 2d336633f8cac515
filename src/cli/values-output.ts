/** Chart values as the text of a file, where the operator wants it. */
import { writeFileSync } from "node:fs";
import { Effect, Redacted } from "effect";
import { stringify } from "yaml";
import type { JsonObject } from "../domain/kube/json.ts";
import { visible } from "../domain/text/visible.ts";
import { InvalidFlag } from "../errors.ts";
import { printLine } from "../render/text/print.ts";

const textOf = (values: JsonObject, defaultKeyType: "PLAIN" | "QUOTE_DOUBLE"): string =>
  stringify(values, {
    version: "1.1",
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });

const isHidden = (one: string): boolean => one !== "\n" && visible(one) !== one;

/** As YAML escapes it between quotes. */
const escaped = (one: string): string => {
  const code = (one.codePointAt(0) ?? 0).toString(16);
  return one.length > 1 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
};

/**
 * Every text is quoted, and by the rules of YAML 1.1 too: to Helm `on` and `0123` are no texts without. What cannot be seen
 * is written as its code.
 */
export const valuesText = (values: JsonObject): string => {
  const plain = textOf(values, "PLAIN");
  if (![...plain].some(isHidden)) return plain;
  // Only between quotes has a code a meaning.
  return [...textOf(values, "QUOTE_DOUBLE")]
    .map((one) => (isHidden(one) ? escaped(one) : one))
    .join("");
};

const PROBLEMS: Readonly<Record<string, string>> = {
  EEXIST: "is there already, and is not overwritten",
  ENOENT: "is in a folder that is not there",
  ENOTDIR: "is in a folder that is not there",
  EISDIR: "is a folder",
};

/** For its owner's eyes alone. What is there already, be it a link to nothing, stays as it is. */
export const writeValues = (file: string, values: Redacted.Redacted<JsonObject>) =>
  Effect.try({
    try: () => writeFileSync(file, valuesText(Redacted.value(values)), { mode: 0o600, flag: "wx" }),
    catch: (cause) => {
      const { code = "error" } = cause as NodeJS.ErrnoException;
      const problem = PROBLEMS[code] ?? `cannot be written (${code})`;
      return new InvalidFlag({ flag: "values-out", expected: `${file} ${problem}` });
    },
  });

/** On stdout, with nothing else. */
export const printValues = (values: Redacted.Redacted<JsonObject>) =>
  Effect.forEach(valuesText(Redacted.value(values)).trimEnd().split("\n"), printLine, {
    discard: true,
  });
