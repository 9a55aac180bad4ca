/**
 * Bytes of a terminal → keys; pure.
 *
 * One read may end in the middle of a sequence or of a character: the rest waits for the next. A
 * sequence that is not known is no key, and never text.
 */

/** A key by its name, or a character that was typed. */
export type Key =
  | { readonly kind: KeyName }
  | { readonly kind: "text"; readonly text: string };

/** The keys that have names. */
export type KeyName =
  | "up"
  | "down"
  | "left"
  | "right"
  | "pageUp"
  | "pageDown"
  | "home"
  | "end"
  | "enter"
  | "backspace"
  | "escape"
  | "interrupt"
  | "clear"
  | "redraw";

/** What terminals send for keys after ESC, of every kind that is still in use. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "OA": "up",
  "[B": "down",
  "OB": "down",
  "[C": "right",
  "OC": "right",
  "[D": "left",
  "OD": "left",
  "[5~": "pageUp",
  "[6~": "pageDown",
  "[H": "home",
  "OH": "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  "OF": "end",
  "[4~": "end",
  "[8~": "end",
};

const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\x7f": "backspace",
  "\b": "backspace",
  // Ctrl+C and Ctrl+D.
  "\x03": "interrupt",
  "\x04": "interrupt",
  // Ctrl+U and Ctrl+L.
  "\x15": "clear",
  "\x0c": "redraw",
};

/** A sequence after ESC: of the cursor, or a single character. */
// deno-lint-ignore no-control-regex -- these are what a terminal sends
const SEQUENCE = /^\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~])/;

/** A sequence without its last character. */
// deno-lint-ignore no-control-regex -- these are what a terminal sends
const UNFINISHED = /^\x1b(?:\[[0-9;?]*[ -/]*|O)$/;

/** A longer one is none. */
const MOST_UNFINISHED = 32;

/** Reads keys from what a terminal sends, read by read. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The keys in the next bytes. */
  read(bytes: Uint8Array): Key[] {
    let text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    this.#rest = "";
    const keys: Key[] = [];
    while (text !== "") {
      const [sequence] = SEQUENCE.exec(text) ?? [];
      if (sequence !== undefined) {
        const kind = SEQUENCES[sequence.slice(1)];
        if (kind !== undefined) keys.push({ kind });
        text = text.slice(sequence.length);
        continue;
      }
      if (UNFINISHED.test(text) && text.length < MOST_UNFINISHED) {
        this.#rest = text;
        break;
      }
      const [character = ""] = text;
      text = text.slice(character.length);
      if (character === "\x1b") keys.push({ kind: "escape" });
      else if (CONTROLS[character] !== undefined) keys.push({ kind: CONTROLS[character] });
      // deno-lint-ignore no-control-regex -- other controls are no text
      else if (!/[\x00-\x1f\x80-\x9f]/.test(character)) {
        keys.push({ kind: "text", text: character });
      }
    }
    return keys;
  }
}
