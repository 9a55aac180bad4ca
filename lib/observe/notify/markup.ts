/**
 * Texts in the markup of each channel: names that others choose must neither format a message nor
 * call anybody. Pure.
 */

/** Makes a text mean nothing but itself. */
export type Escape = (text: string) => string;

/** For text that is shown as it is. */
export function plain(text: string): string {
  return text;
}

/** For Telegram's HTML, whose only markup is tags and entities. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * For Slack, where `<…>` are links and mentions. Servers that take Slack's messages read Markdown
 * and `@channel` as well, which a backslash would not stop in Slack: the same signs at full width
 * mean nothing to any of them.
 */
export function escapeSlack(text: string): string {
  return escapeHtml(text).replace(
    /[@*_~`#|[\]\\]/g,
    (sign) => String.fromCharCode(sign.charCodeAt(0) + FULL_WIDTH),
  );
}

/** How far the signs of full width are from those of ASCII. */
const FULL_WIDTH = 0xfee0;

/** For Discord's Markdown; whom a message may call is said apart from its text. */
export function escapeDiscord(text: string): string {
  return text.replace(/[\\`*_~|<>#@[\]()\-+:.]/g, "\\$&");
}

/**
 * For the value of an HTTP header, which has one line of ASCII: other texts are encoded as in mail
 * (RFC 2047), in words of at most 75 characters.
 */
export function headerText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes("=?")) return text.trim();
  const words: string[] = [];
  let bytes = 0;
  let word = "";
  const encoder = new TextEncoder();
  for (const character of text) {
    const size = encoder.encode(character).length;
    if (bytes + size > MAX_WORD_BYTES) {
      words.push(word);
      [word, bytes] = ["", 0];
    }
    word += character;
    bytes += size;
  }
  words.push(word);
  return words.map((part) => `=?UTF-8?B?${encoder.encode(part).toBase64()}?=`).join(" ");
}

/** As many bytes as fit into an encoded word. */
const MAX_WORD_BYTES = 45;

/**
 * `lines`, escaped, as many of them as fit into `most` UTF-16 units, and then how many more there
 * are. A line is never cut within an escape.
 */
export function fit(
  lines: readonly string[],
  { escape, most, more }: {
    readonly escape: Escape;
    readonly most: number;
    /** Lines that were left out before. */
    readonly more: number;
  },
): string {
  const taken: string[] = [];
  let left = most - ROOM_FOR_MORE;
  for (const line of lines) {
    const escaped = fitLine(line, escape, left - 1);
    if (escaped === "") break;
    taken.push(escaped);
    left -= escaped.length + 1;
  }
  const rest = lines.length - taken.length + more;
  return [...taken, ...rest > 0 ? [`and ${rest} more`] : []].join("\n");
}

/** Room for the last line that {@linkcode fit} may add. */
const ROOM_FOR_MORE = 24;

/** One line, cut before it is escaped so that the result fits; empty if hardly any of it does. */
function fitLine(line: string, escape: Escape, most: number): string {
  const whole = escape(line);
  if (whole.length <= most) return whole;
  if (most < 40) return "";
  const characters = [...line];
  let text = "";
  for (const character of characters) {
    const next = text + escape(character);
    if (next.length > most - 1) break;
    text = next;
  }
  return `${text}…`;
}
