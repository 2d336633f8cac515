/** What nobody wants to see raw on a terminal, and how to look for it. */
import type { Dice } from "../simulation/dice.ts";

const code = (...points: ReadonlyArray<number>): string => String.fromCodePoint(...points);

/** Text as a termination message, a label of a holder or an answer of a server can be. */
export const NASTY: ReadonlyArray<string> = [
  "\u001b]0;PWNED-TITLE\u0007",
  "\u001b[2K\u001b[1A\u001b[2KUpgrade completed.\u001b[8m",
  "\u001b]52;c;Y3VybCBldmlsIHwgc2gK\u0007",
  "\u001bPq#0;2;0;0;0\u001b\\",
  code(0x9b, 0x32, 0x4a),
  code(0x9d, 0x30, 0x3b, 0x78, 0x9c),
  "a\u202egnp.exe",
  "\u2066isolated\u2069",
  "zero\u200bwidth\u2060and\ufeffmore",
  "line\u2028separator\u2029paragraph",
  "one\nUpgrade completed.\ntwo",
  "over\rwritten",
  "back\b\b\bspace",
  "tab\tand\vvertical\fform",
  "nul\u0000inside\u007f",
  code(0xe0041, 0xe0042),
  "soft\u00adhyphen\u034f\u115f\u3164",
  "half\ud83d",
];

/** Everything that a line of text may not hold; written apart from the program's own list, point by point. */
const isRaw = (point: number): boolean =>
  point < 0x20 ||
  (point >= 0x7f && point <= 0x9f) ||
  [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xfeff, 0xffa0].includes(point) ||
  (point >= 0x180b && point <= 0x180f) ||
  (point >= 0x200b && point <= 0x200f) ||
  (point >= 0x2028 && point <= 0x202e) ||
  (point >= 0x2060 && point <= 0x206f) ||
  (point >= 0xd800 && point <= 0xdfff) ||
  (point >= 0xfe00 && point <= 0xfe0f) ||
  (point >= 0xfff0 && point <= 0xfffb) ||
  (point >= 0xe0000 && point <= 0xe0fff);

/** The raw characters of one line, as codes. */
export const rawIn = (line: string): ReadonlyArray<string> =>
  Array.from(line)
    .map((character) => character.codePointAt(0) ?? 0)
    .filter(isRaw)
    .map((point) => point.toString(16));

/** The same data with `plant` at the end of every text; `keep` names members that are words of ours. */
export const planted = (value: unknown, plant: string, keep: ReadonlySet<string>): unknown => {
  if (typeof value === "string") return `${value}${plant}`;
  if (Array.isArray(value)) return value.map((one) => planted(one, plant, keep));
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      keep.has(key) ? inner : planted(inner, plant, keep),
    ]),
  );
};

/** Nasty text, or any characters at all. */
export const drawnText = (dice: Dice): string =>
  dice.chance(0.7)
    ? dice.pick(NASTY)
    : Array.from({ length: 1 + dice.int(8) }, () =>
        code(dice.chance(0.6) ? dice.int(0x300) : dice.int(0x110000)),
      ).join("");
