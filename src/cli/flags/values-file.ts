import { readFileSync } from "node:fs";
import { Effect, Redacted } from "effect";
import { parse } from "yaml";
import { isJsonObject, type JsonObject } from "../../domain/kube/json.ts";
import { mergeValues } from "../../domain/values/next-values.ts";
import { InvalidFlag } from "../../errors.ts";

const refused = (file: string, expected: string) =>
  new InvalidFlag({
    flag: "values",
    expected: file.startsWith("{") ? expected : `${file}: ${expected}`,
  });

/** A file, or the values themselves as JSON. */
const readOne = Effect.fnUntraced(function* (file: string) {
  const text = yield* Effect.try({
    try: () => (file.startsWith("{") ? file : readFileSync(file, "utf8")),
    catch: (cause) =>
      refused(file, `it cannot be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`),
  });
  // The parser quotes the text, which can be a secret.
  const values: unknown = yield* Effect.try({
    try: () => parse(text, { logLevel: "error" }) ?? {},
    catch: () => refused(file, "it is neither YAML nor JSON"),
  });
  return isJsonObject(values) ? values : yield* refused(file, "expected a mapping of values");
});

/** The operator's values files as one, later ones over earlier ones. */
export const readValues = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const all = yield* Effect.forEach(files, readOne);
  const merged = all.reduce<JsonObject>(mergeValues, {});
  return Redacted.make(merged, { label: "values" });
});
