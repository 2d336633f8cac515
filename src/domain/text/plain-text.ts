/** Text from elsewhere, made fit for a terminal and a log: what moves a cursor, rings or changes direction is taken out. */
const ESCAPE = String.fromCharCode(27);
const SEQUENCES = new RegExp(`${ESCAPE}\\[[0-?]*[ -/]*[@-~]`, "g");
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Line breaks and tabs stay. */
export const plainText = (text: string): string =>
  text.replace(SEQUENCES, "").replace(CONTROLS, (one) => (one === "\n" || one === "\t" ? one : ""));

/** On one line. */
export const plainLine = (text: string): string => plainText(text).replace(/\s+/g, " ").trim();
