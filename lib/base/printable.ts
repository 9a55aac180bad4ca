/**
 * Makes foreign texts safe to show: names of miners and accounts, words of pools, names of files.
 *
 * These must never reach a terminal, page, log or program: control characters (commands to a
 * terminal, line ends), marks that change the direction of writing (one name can look like
 * another), invisible characters (two names that look the same), and halves of characters (not text
 * at all). Every foreign text that this program puts out passes through this file.
 */

/** One such character, whole. */
export const UNPRINTABLE: RegExp =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** Replaces such a character. */
const MARK = "?";

/** Nearly every text matches this and needs no further check. */
const PLAIN = /^[\x20-\x7e]*$/;

/** `text` with every unprintable character replaced by a mark. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, MARK);
}

/** Text of several lines, each made printable. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The same JSON with unprintable characters escaped. */
export function escapedJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNPRINTABLE, (character) => {
    // Line ends and indents are layout: inside texts, JSON has them escaped already.
    if (character === "\n") return character;
    return Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
    ).join("");
  });
}

/** JSON's escapes, and the characters that JSON leaves unescaped but that are unprintable. */
const JSON_ESCAPES = new RegExp(`\\\\(?:u[\\da-f]{4}|.)|${UNPRINTABLE.source}`, "gu");

/** Matches JSON in which a text may be unprintable; also matches some harmless JSON with `\\\\`. */
const SUSPECT_JSON = /[^\x20-\x7e]|\\[^"\\]/;

/**
 * `value` as JSON whose texts are printable, also after parsing. For programs that show them to
 * people in the end.
 */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!SUSPECT_JSON.test(json)) return json;
  return json.replace(JSON_ESCAPES, (found) => found === '\\"' || found === "\\\\" ? found : MARK);
}
