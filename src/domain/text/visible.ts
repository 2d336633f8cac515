/**
 * Text that a cluster, a chart, a plane or a file supplied, made safe to look at: what steers a terminal, turns the
 * direction of writing or takes no room is shown as its code instead (`\u001b`), so that it does nothing and hides nothing.
 */

/** Controls (C0, DEL, C1), format and direction marks, line separators, lone surrogates, whatever is drawn as nothing. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** As JSON escapes it, in two parts beyond the first plane. */
const escaped = (one: string): string =>
  Array.from(
    { length: one.length },
    (_, unit) => `\\u${one.charCodeAt(unit).toString(16).padStart(4, "0")}`,
  ).join("");

/** On one line: line breaks and tabs are shown as `\n` and `\t`. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (one) => SHORT[one] ?? escaped(one));

/** The same where line breaks and tabs are meant. */
export const visibleText = (text: string): string =>
  text.replace(HIDDEN, (one) => (one === "\n" || one === "\t" ? one : escaped(one)));

/** JSON on one line that can be looked at as it is: `JSON.stringify` escapes no more than the first 32 characters. */
export const visibleJson = (value: unknown): string =>
  JSON.stringify(value).replace(HIDDEN, escaped);

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Every text inside plain data; what is no plain data (a duration, a sealed secret) stays as it is. */
const mapTexts = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)]),
  );
};

/** The same data with `visible` texts all through. */
export const visibleData = <A>(data: A): A => mapTexts(data, visible) as A;
