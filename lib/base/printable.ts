/**
 * Texts of others made safe to show: names of miners and accounts, words of pools, names of files.
 *
 * What must reach no terminal, page, log or program raw are controls (commands to a terminal, line
 * ends), marks that turn the direction of writing (a name can pass for another), characters that
 * nobody sees (two names that look the same), and halves of characters (no text at all). Every
 * output of this program takes its foreign texts through this file.
 */

/** One character of those, whole. */
export const UNPRINTABLE: RegExp =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** What stands in the place of such a character. */
const MARK = "?";

/** Nearly every text is this, and needs no other look. */
const PLAIN = /^[\x20-\x7e]*$/;

/** `text` with a mark in the place of everything unprintable. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, MARK);
}

/** Text of several lines, each made printable. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON text that says the same in printable characters: what is unprintable is escaped. */
export function escapedJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNPRINTABLE, (character) => {
    // Line ends and indents are layout: within its texts JSON has them escaped already.
    if (character === "\n") return character;
    return Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
    ).join("");
  });
}

/** Escapes of JSON, and what needs one in a text but has none in JSON. */
const JSON_ESCAPES = new RegExp(`\\\\(?:u[\\da-f]{4}|.)|${UNPRINTABLE.source}`, "gu");

/** What JSON text has in it if any of its texts is unprintable; after `\\\\` also if none is. */
const SUSPECT_JSON = /[^\x20-\x7e]|\\[^"\\]/;

/**
 * `value` as JSON whose texts are printable, also once they are read. For programs whose readers
 * are people in the end.
 */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!SUSPECT_JSON.test(json)) return json;
  return json.replace(JSON_ESCAPES, (found) => found === '\\"' || found === "\\\\" ? found : MARK);
}
