/**
 * How many columns of a terminal a text takes; pure.
 *
 * Chinese, Japanese and Korean characters and most emoji take two, marks on the character before
 * them none. Texts are foreign: what a terminal would obey is replaced first.
 */

import { printable } from "../base/printable.ts";

/** Characters of two columns: Unicode's East Asian Width W and F, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Characters that stand on the one before them. */
const NONE = /[\p{Mn}\p{Me}]/u;

/** Nearly every text matches this: a column for each character. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Stands where a text was cut. */
const CUT = "…";

/** The columns that a printable text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

/** A foreign text made safe, in at most this many columns. */
export function fitted(text: string, columns: number): string {
  // A character has at most two units and, with its marks, must not grow without end.
  const safe = printable(text.slice(0, MOST_UNITS));
  if (columns <= 0) return "";
  if (text.length <= MOST_UNITS && widthOf(safe) <= columns) return safe;
  let width = 0;
  let kept = "";
  for (const character of safe) {
    width += widthOfOne(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return kept + CUT;
}

/** No line is longer. */
const MOST_UNITS = 1000;

/** A foreign text made safe, in exactly this many columns: blanks follow it, or are before it. */
export function padded(text: string, columns: number, isRight: boolean = false): string {
  const shown = fitted(text, columns);
  const blanks = " ".repeat(Math.max(0, columns - widthOf(shown)));
  return isRight ? blanks + shown : shown + blanks;
}

/** A foreign text made safe, in lines of at most this many columns, broken between words. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text.slice(0, MOST_UNITS)).split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = fitted(word, columns);
  }
  return line === "" ? lines : [...lines, line];
}

function widthOfOne(character: string): number {
  return PLAIN.test(character) ? 1 : NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}
