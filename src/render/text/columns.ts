/** How much room a text takes on a terminal: letters of East Asia and pictures take two columns, marks on a letter none. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const MARK = /\p{M}/u;
const NARROW = /^[\u0020-\u02ff\u2010-\u2027\u2190-\u22ff\u2500-\u259f]*$/;

const columnsOfOne = (character: string): number =>
  MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

/** Of a text without control characters. */
export const columnsOf = (text: string): number =>
  NARROW.test(text)
    ? text.length
    : Array.from(text).reduce((sum, character) => sum + columnsOfOne(character), 0);

/** As much of its beginning as fits. */
export const firstColumns = (text: string, columns: number): string => {
  let room = columns;
  let end = 0;
  for (const character of text) {
    room -= columnsOfOne(character);
    if (room < 0) break;
    end += character.length;
  }
  return text.slice(0, end);
};

export const padColumns = (text: string, columns: number): string =>
  `${text}${" ".repeat(Math.max(0, columns - columnsOf(text)))}`;
