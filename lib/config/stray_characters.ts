/**
 * Characters that only look like those of JSON, from other keyboards or word processors, and
 * invisible blanks; and what to write instead.
 */

/** What to do about marks that start a comment in other kinds of files. */
export const HOW_TO_COMMENT = "write comments as // or /* */";

/** Characters that look like double quotes. */
const QUOTES =
  "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d\u300e\u300f\u301d\u301e\uff02";

/** Characters that look like single quotes, which JSON does not have either. */
const SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u00b4\uff07";

/** Characters that look like other marks of JSON. */
const MARKS: Readonly<Record<string, string>> = {
  "\u3001": ",",
  "\u3002": ".",
  "\u2013": "-",
  "\u2014": "-",
  "\u2212": "-",
  "\u3010": "[",
  "\u3011": "]",
  "\u3014": "[",
  "\u3015": "]",
};

/** Blanks that JSON does not know, marks of direction, and others without a width. */
const INVISIBLE = new RegExp(
  "[\\u0080-\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2064\\u2066-\\u206f" +
    "\\u3000\\ufeff]",
);

/** Whether `character` looks like a quotation mark but is not one of JSON. */
export function isQuoteLike(character: string): boolean {
  return QUOTES.includes(character) || SINGLE_QUOTES.includes(character);
}

/** What to do about a misplaced `character`; `undefined` if it is not a known one. */
export function hintForStray(character: string): string | undefined {
  if (character === "") return undefined;
  if (character === "#") return HOW_TO_COMMENT;
  if (character === "\ufffd") return "its bytes are not UTF-8: save the file as UTF-8";
  const code = codePoint(character);
  if (isQuoteLike(character)) return `this is the typographic quotation mark ${code}: write "`;
  if (INVISIBLE.test(character)) {
    return `this is the invisible character ${code}: delete it, or write an ordinary space`;
  }
  const ascii = MARKS[character] ?? asciiOfFullWidth(character);
  if (ascii === undefined) return undefined;
  return `this is the character ${code} of another keyboard layout: write ${ascii}`;
}

/** What to do about the first character of a name that cannot be in it; `undefined` if all can. */
export function hintForName(text: string): string | undefined {
  if (text !== text.trim()) return "remove the blanks around it";
  for (const character of text) {
    const hint = hintForStray(character);
    if (hint !== undefined && character !== "#") return hint;
    if (character > "\u007f") {
      return `${character} is ${codePoint(character)}, not a letter of this alphabet: type it ` +
        `again`;
    }
  }
  return undefined;
}

/** The ASCII form of a character that is as wide as a Chinese one. */
function asciiOfFullWidth(character: string): string | undefined {
  const code = character.codePointAt(0)!;
  return code >= 0xff01 && code <= 0xff5e ? String.fromCodePoint(code - 0xfee0) : undefined;
}

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
