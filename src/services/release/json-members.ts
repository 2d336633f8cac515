/** Members of a JSON object as they lie in its bytes: of megabytes only what is asked for becomes text and objects. */

const [QUOTE, BACKSLASH, COMMA, COLON] = Buffer.from('"\\,:');
const OPENING: ReadonlySet<number | undefined> = new Set(Buffer.from("{["));
const CLOSING: ReadonlySet<number | undefined> = new Set(Buffer.from("}]"));
const SPACE: ReadonlySet<number | undefined> = new Set(Buffer.from(" \t\r\n"));

/** The place after the text that begins at `at`; the end where it has none. */
const afterText = (json: Buffer, at: number): number => {
  for (let next = json.indexOf('"', at + 1); next !== -1; next = json.indexOf('"', next + 1)) {
    let escapes = 0;
    while (json[next - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return next + 1;
  }
  return json.length;
};

/** The place of the comma or bracket that ends the value which begins at `at`. */
const endOfValue = (json: Buffer, at: number): number => {
  let depth = 0;
  let place = at;
  while (place < json.length) {
    const byte = json[place];
    if (byte === QUOTE) {
      place = afterText(json, place);
      continue;
    }
    if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth < 0 || (depth === 0 && byte === COMMA)) return place;
    place += 1;
  }
  return place;
};

const afterSpace = (json: Buffer, at: number): number => {
  let place = at;
  while (SPACE.has(json[place])) place += 1;
  return place;
};

/**
 * The bytes of each member's value, by its name; of two alike the last one, as every reader takes it. `undefined` where it is no
 * object. Values are not looked into: parsing one does that.
 */
export const membersOf = (json: Buffer): ReadonlyMap<string, Buffer> | undefined => {
  const members = new Map<string, Buffer>();
  let at = afterSpace(json, 0);
  if (json[at] !== "{".charCodeAt(0)) return undefined;
  at = afterSpace(json, at + 1);
  while (json[at] === QUOTE) {
    const end = afterText(json, at);
    const colon = afterSpace(json, end);
    if (json[colon] !== COLON) return undefined;
    const from = afterSpace(json, colon + 1);
    const to = endOfValue(json, from);
    const name = parsedText(json.subarray(at, end));
    if (name === undefined || to === from) return undefined;
    members.set(name, json.subarray(from, to));
    if (json[to] !== COMMA) {
      at = to;
      break;
    }
    at = afterSpace(json, to + 1);
  }
  const isClosed = json[at] === "}".charCodeAt(0);
  return isClosed && afterSpace(json, at + 1) === json.length ? members : undefined;
};

const parsedText = (json: Buffer): string | undefined => {
  try {
    const name: unknown = JSON.parse(json.toString());
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
};
